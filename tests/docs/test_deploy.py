"""The units are ones that systemd takes, and the script that parts gateway and signer parts them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.testing.site import open_folder

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


@pytest.mark.parametrize("unit", [pytest.param(unit, id=unit.name) for unit in UNITS])
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/jumphost/bin/jumphost", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert said == []


def may(uid: int, gid: int, test: str, path: Path) -> bool:
    words = ["setpriv", "--reuid", str(uid), "--regid", str(gid), "--clear-groups", "test", test, str(path)]
    return subprocess.run(words).returncode == 0


def test_gateway_and_signer_are_parted() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv: two uids")
    gateway, signer, group = 61_101, 61_102, 61_100
    with open_folder() as folder:
        site = Site(create_site(folder / "site").root)
        words = [DEPLOY / "own-signer", site.root, *map(str, (gateway, signer, group))]
        subprocess.run(words, check=True)
        assert load_site(site).settings.callers["main"].ca == "caller_ca.pub"
        for path in (site.settings, site.identities, site.approvers, site.targets, site.root / "caller_ca.pub"):
            assert may(gateway, group, "-r", path)
            assert may(signer, group, "-r", path)
            assert not may(signer, group, "-w", path)
        for path in (site.signer / "caller_ca", site.signer / "target_ca"):
            assert may(signer, group, "-r", path)
            assert not may(gateway, group, "-r", path)
        for path in (site.keys / "host_key", site.keys / "requests_key", site.state, site.recordings):
            assert may(gateway, group, "-r", path)
            assert not may(signer, group, "-r", path)
        for uid in (gateway, signer):
            assert may(uid, group, "-w", site.run)
        assert not may(65_534, 65_534, "-r", site.settings)
