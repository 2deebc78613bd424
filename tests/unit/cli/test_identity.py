from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.load import load_identities
from jumphost.config.site import Site
from jumphost.model.identity import IdentityEntry
from jumphost.testing.commands import Ran, run


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    return made


def identity(*words: object) -> Ran:
    return run("identity", *words)


def test_add(site: Site) -> None:
    ran = identity("add", "new", "--owner", "team", "--group", "a", "--group", "b", "--scope", "exec:db")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"added new to {site.identities}; no gateway runs: it will know when it starts\n"
    assert load_identities(site.identities)["new"] == IdentityEntry("team", groups=("a", "b"), scope=("exec:db",))
    assert run("config", "check").status == 0


def test_add_without_a_scope_leaves_it_to_policy(site: Site) -> None:
    assert identity("add", "new", "--owner", "team", "--json").json == {
        "name": "new",
        "owner": "team",
        "groups": [],
        "gateway": False,
    }
    assert load_identities(site.identities)["new"].scope is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["order-service", "--owner", "o"], "got a name that line "),
        (["a b", "--owner", "o"], "expected up to 128 of"),
        (["new", "--owner", "o", "--scope", "db"], "expected OPERATION:TARGET"),
        (["new", "--owner", "o", "--callers", "other"], "expected one of the callers of jumphost.yaml: main"),
    ],
)
def test_what_cannot_be_added(site: Site, words: list[str], says: str) -> None:
    before = site.identities.read_bytes()
    ran = identity("add", *words)
    assert (ran.status, ran.out) == (1, "")
    assert says in ran.err
    assert site.identities.read_bytes() == before


def test_disable_and_enable(site: Site) -> None:
    assert identity("disable", "order-service").out.startswith("disabled order-service; ")
    assert not load_identities(site.identities)["order-service"].enabled
    assert identity("disable", "order-service").out.startswith("order-service was disabled already; ")
    assert identity("enable", "order-service", "--json").json == {
        "name": "order-service",
        "enabled": True,
        "changed": True,
        "gateway": False,
    }
    assert load_identities(site.identities)["order-service"].enabled


def test_disable_does_not_wait_for_the_rest_of_the_site_to_be_right(site: Site) -> None:
    site.targets.write_text("wrong\n")
    site.settings.write_text("wrong\n")
    assert identity("disable", "order-service").status == 0
    assert not load_identities(site.identities)["order-service"].enabled


def test_disable_of_nobody(site: Site) -> None:
    ran = identity("disable", "nobody")
    assert ran.status == 1
    assert "nobody: got no such entry, expected one of batch-reader, " in ran.err


def test_list(site: Site) -> None:
    identity("add", "none", "--owner", "o", "--scope", "exec:db")
    identity("disable", "none")
    lines = identity("list").out.splitlines()
    assert lines[0].split() == ["identity", "owner", "groups", "scope", "enabled"]
    assert lines[1].split() == ["batch-reader", "data-team", "readonly", "by", "policy", "alone", "yes"]
    assert lines[-1].split() == ["none", "o", "exec:db", "no"]
    assert identity("list", "--json").json[0] == {
        "name": "batch-reader",
        "owner": "data-team",
        "groups": ["readonly"],
        "callers": "main",
        "match": {},
        "scope": None,
        "enabled": True,
        "locked": None,
    }


def test_a_scope_of_nothing_is_told(site: Site) -> None:
    site.identities.write_text("a: {owner: o, scope: []}\n")
    assert identity("list").out.splitlines()[1].split() == ["a", "o", "nothing", "yes"]


def test_a_second_ca_is_written_down(site: Site) -> None:
    site.settings.write_text(site.settings.read_text().replace("  main:\n", "  other:\n"))
    site.identities.write_text("")
    assert identity("add", "new", "--owner", "o", "--callers", "other").status == 0
    assert load_identities(site.identities)["new"].callers == "other"


def test_enroll_needs_a_gateway_and_a_time(site: Site) -> None:
    ran = identity("enroll", "order-service")
    assert (ran.status, "no gateway answers" in ran.err) == (69, True)
    for ttl in ("8d", "0", "soon"):
        assert identity("enroll", "order-service", "--ttl", ttl).status == 2
