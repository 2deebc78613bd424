"""The units are ones that systemd takes, and the script that parts gateway and signer parts them."""

import os
import re
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


@pytest.fixture(params=[pytest.param(unit, id=unit.name) for unit in UNITS])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of each, which starts something that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    copy = tmp_path / request.param.name
    copy.write_text(re.sub("/opt/jumphost/bin/[a-z]+", "/bin/true", request.param.read_text()))
    return copy


def test_systemd_takes_the_unit(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert said == []


def test_systemd_takes_the_gateway_with_its_drop_in(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    unit = tmp_path / "jumphost.service"
    unit.write_text(re.sub("/opt/jumphost/bin/[a-z]+", "/bin/true", (DEPLOY / unit.name).read_text()))
    more = tmp_path / "jumphost.service.d"
    more.mkdir()
    shutil.copy(DEPLOY / "process-targets.conf", more)
    with (more / "wrong.conf").open("w") as wrong:
        wrong.write("[Service]\nNoSuchKey=1\n")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or unit.name in line]
    assert len(said) == 1
    assert "NoSuchKey" in said[0]  # drop-ins are read


def test_the_unit_is_as_closed_as_the_page_says(unit: Path) -> None:
    """Other versions of systemd weigh a little differently: a point is more than that."""
    said = re.search(r"gateway ([0-9.]+), signer ([0-9.]+[0-9])", (DEPLOY / "README.md").read_text())
    assert said is not None
    exposure = float(said[2 if "signer" in unit.name else 1])
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={round(exposure * 10) + 10}"]
    done = subprocess.run([*words, str(unit)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


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
