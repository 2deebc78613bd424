from pathlib import Path

import pytest

from jumphost.config.create import create_site, write_key_pair
from jumphost.config.load import load_approvers
from jumphost.config.site import Site
from jumphost.sshkey import read_line
from jumphost.testing.commands import run


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    return made


def test_add_a_person_with_two_keys(site: Site, tmp_path: Path) -> None:
    lines = [write_key_pair(tmp_path / name, f"dave@{name}") for name in ("home", "work")]
    words = ["--group", "dba", "--key", tmp_path / "home.pub", "--key", tmp_path / "work.pub"]
    ran = run("approver", "add", "dave", *words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"added dave to {site.approvers}; no gateway runs: it will know when it starts\n"
    person = load_approvers(site.approvers)["dave"]
    assert (person.groups, person.keys) == (("dba",), tuple(lines))


def test_add_as_json(site: Site, tmp_path: Path) -> None:
    line = write_key_pair(tmp_path / "key", "")
    ran = run("approver", "add", "dave", "--key", tmp_path / "key.pub", "--json")
    assert ran.json == {"name": "dave", "groups": [], "keys": [line.strip()], "gateway": False}


def test_the_key_of_another_is_refused(site: Site) -> None:
    before = site.approvers.read_bytes()
    ran = run("approver", "add", "dave", "--key", site.root / "example" / "bob.pub")
    assert ran.status == 1
    assert "dave.keys[0]: got the key of bob.keys[0], expected one that stands nowhere else" in ran.err
    assert site.approvers.read_bytes() == before


@pytest.mark.parametrize("name", ["alice", "nowhere.pub"])
def test_what_is_no_public_key_is_a_wrong_use(site: Site, name: str) -> None:
    ran = run("approver", "add", "dave", "--key", site.root / "example" / name)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("jumphost: --key: ")
    assert "PRIVATE" not in ran.err


def test_list(site: Site) -> None:
    alice = load_approvers(site.approvers)["alice"]
    lines = run("approver", "list").out.splitlines()
    assert lines[0].split() == ["approver", "groups", "keys"]
    assert lines[1].split() == ["alice", "dba", read_line(alice.keys[0]).fingerprint]
    assert run("approver", "list", "--json").json[0] == {"name": "alice", "groups": ["dba"], "keys": list(alice.keys)}
