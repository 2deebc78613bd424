"""The CAs of a site from the command line; what ssh and sshd say of it is in tests/scenarios/test_rotation.py."""

import os
from pathlib import Path

import pytest
import yaml

from jumphost.config.create import create_site
from jumphost.config.load import load_plain
from jumphost.config.site import Site
from jumphost.testing.commands import Ran, run

LONG_AGO = 1_000_000_000


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    return made


def ca(*words: object) -> Ran:
    return run("ca", *words)


def listed(kind: str) -> dict[str, str]:
    [found] = [one for one in ca("list", "--json").json if one["kind"] == kind]
    return dict(found)


@pytest.mark.parametrize("kind", ["caller", "target", "host"])
def test_a_rotation(site: Site, kind: str) -> None:
    first = listed(kind)["signs"]
    said = ca("rotate", kind)
    second = listed(kind)["next"]
    assert (said.status, second in said.out, "no gateway runs" in said.out) == (0, True, True)
    assert second in ca("list").out
    assert ca("switch", kind, "--json").json["signs"] == second
    refused = ca("retire", kind)
    assert (refused.status, "may be alive" in refused.err) == (2, True)
    os.utime(site.signer / f"{kind}_ca_old.pub", (LONG_AGO, LONG_AGO))
    assert ca("retire", kind, "--json").json == {
        "kind": kind, "signs": second, "next": "", "old": "", "trusted": [second], "gateway": False,
    }  # fmt: skip
    assert first != second
    assert run("config", "check").status == 0


def test_now(site: Site) -> None:
    ca("rotate", "caller")
    ca("switch", "caller")
    assert ca("retire", "caller", "--now").status == 0


@pytest.mark.parametrize("words", [("switch", "caller"), ("retire", "host"), ("rotate", "other")])
def test_what_cannot_be_done(site: Site, words: tuple[str, ...]) -> None:
    assert ca(*words).status in (2, 65)


def test_a_folder_that_cannot_be_written(site: Site) -> None:
    (site.signer / "target_ca_next.pub").mkdir()
    assert ca("rotate", "target").status == 69


def test_targets_get_both_lines(site: Site) -> None:
    ca("rotate", "target")
    script = run("target", "enroll", "payments-db").out
    assert script.count("ssh-ed25519 ") == 2


def test_a_serial_needs_its_ca_while_there_are_two(site: Site) -> None:
    ca("rotate", "caller")
    assert "with --ca FINGERPRINT" in run("cert", "revoke", "--serial", 7).err


def test_known_hosts(site: Site) -> None:
    key = " ".join((site.keys / "host_ca.pub").read_text().split()[:2])
    assert ca("known-hosts").out == f"@cert-authority [127.0.0.1]:2222,[localhost]:2222 {key}\n"
    assert ca("known-hosts", "--name", "gw.example").out == f"@cert-authority gw.example {key}\n"
    ca("rotate", "host")
    assert len(ca("known-hosts", "--json").json["lines"]) == 2


def test_known_hosts_without_a_name_or_a_ca(site: Site) -> None:
    settings = load_plain(site.settings)
    site.settings.write_text(yaml.safe_dump({**settings, "listen": "0.0.0.0:22"}))
    assert "expected `names`" in ca("known-hosts").err
    site.settings.write_text(yaml.safe_dump({**settings, "names": ["gw.example", "gw"], "listen": "0.0.0.0:22"}))
    assert ca("known-hosts").out.startswith("@cert-authority gw.example,gw ssh-ed25519 ")
    (site.keys / "host_ca.pub").unlink()
    assert "ca rotate host" in ca("known-hosts").err
