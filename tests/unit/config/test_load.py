"""A whole site: right, or all that is wrong with it in one run."""

from pathlib import Path

import pytest

from jumphost.config.load import (
    entry_line,
    load_approvers,
    load_identities,
    load_plain,
    load_site,
    load_targets,
    plain,
    trial,
)
from jumphost.config.site import Site
from jumphost.errors import Problems
from jumphost.model.identity import IdentityEntry


def problems(site: Site) -> list[str]:
    with pytest.raises(Problems) as caught:
        load_site(site)
    return [str(problem).removeprefix(f"{site.root}/") for problem in caught.value.problems]


def test_a_new_site_is_right(site: Site) -> None:
    config = load_site(site)
    assert config.settings.callers["main"].max_ttl == 900
    assert {name: entry.groups for name, entry in config.identities.items()} == {
        "batch-reader": ("readonly",),
        "order-service": ("payments",),
        "deploy-bot": ("deploy",),
        "backup-job": ("backup",),
        "night-shift": ("break-glass",),
    }
    assert {name: entry.groups for name, entry in config.approvers.items()} == {
        "alice": ("dba",),
        "bob": ("security",),
        "carol": ("dba", "security"),
    }
    assert {name: entry.labels for name, entry in config.targets.items()} == {
        "batch-host": {"env": "dev"},
        "payments-db": {"env": "prod", "data": "payments"},
    }
    assert config.targets["payments-db"].name == "payments-db"


def test_everything_that_is_wrong_is_told_in_one_run(site: Site) -> None:
    site.settings.write_text("listen: here\ncallers:\n  main:\n    ca: keys/target_ca.pub\nlimts: {}\n")
    site.identities.write_text("a:\n  owner: o\n  callers: mian\nb:\n  scope: [exec]\n  enabled: no\n")
    site.approvers.write_text("a:\n  keys:\n  - junk\n  - &x y\n")
    site.targets.write_text("t:\n  logins: []\n  host: h\n")
    (site.keys / "host_key").chmod(0o644)
    assert [line.split(": got")[0] for line in problems(site)] == [
        "jumphost.yaml:1: listen",
        "jumphost.yaml:4: callers.main.ca",
        "jumphost.yaml:5: limts",
        "identities.yaml:3: a.callers",
        "identities.yaml:4: b",
        "identities.yaml:5: b.scope[0]",
        "identities.yaml:6: b.enabled",
        "approvers.yaml:3: a.keys[0]",
        "approvers.yaml:4",
        "approvers.yaml:4: a.keys[1]",
        "targets.yaml:1: t",
        "targets.yaml:2: t.logins",
        "keys/host_key",
    ]


def test_a_file_that_is_not_there_is_told_beside_the_others(site: Site) -> None:
    site.settings.unlink()
    site.targets.unlink()
    assert problems(site) == [
        "jumphost.yaml: cannot be read: No such file or directory",
        "targets.yaml: cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize("text", ["[1]\n", "text\n", "callers:\n", "callers: {}\n"])
def test_settings_of_the_wrong_shape(site: Site, text: str) -> None:
    site.settings.write_text(text)
    assert problems(site)[0].startswith("jumphost.yaml:1: ")


def test_empty_settings_lack_their_callers(site: Site) -> None:
    site.settings.write_text("# nothing\n")
    assert problems(site)[0].startswith("jumphost.yaml:1: got nothing, expected a mapping")


def test_entries_of_the_wrong_shape(site: Site) -> None:
    site.targets.write_text("- a\n")
    assert problems(site) == ["targets.yaml:1: got a list, expected a mapping of names"]


def test_files_of_comments_have_no_entries(site: Site) -> None:
    for path in (site.identities, site.approvers, site.targets):
        path.write_text("# none yet\n")
    config = load_site(site)
    assert (config.identities, config.approvers, config.targets) == ({}, {}, {})


def test_one_file_alone(site: Site) -> None:
    assert load_identities(site.identities)["order-service"] == IdentityEntry(
        owner="payments-team", groups=("payments",)
    )
    assert set(load_approvers(site.approvers)) == {"alice", "bob", "carol"}
    assert load_targets(site.targets)["payments-db"].logins == ("app", "postgres")


def test_what_commands_may_read_is_apart_from_the_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumphost.config.private.PRIVATE", ("/root",))
    inside = site.root / "keys"
    site.targets.write_text(f"a: {{kind: process, logins: [x], sandbox: {{read: [/opt/a, {inside}], procesess: 1}}}}\n")
    wrong, unknown = problems(site)
    assert wrong.startswith("targets.yaml:1: a.sandbox.read[1]: got '/")
    assert wrong.endswith(f", expected a path apart from {site.root}, which no command may read")
    assert unknown == "targets.yaml:1: a.sandbox.procesess: got an unknown key, expected 'processes'?"


def test_the_line_of_an_entry(site: Site) -> None:
    site.targets.write_text("# two\na: {}\nb: {}\n")
    assert [entry_line(site.targets, name) for name in ("a", "b", "c")] == [2, 3, 0]
    site.targets.write_text("- a\n")
    assert entry_line(site.targets, "a") == 0


def test_one_file_alone_may_be_wrong(site: Site) -> None:
    for load, path in (
        (load_identities, site.identities),
        (load_approvers, site.approvers),
        (load_targets, site.targets),
    ):
        with pytest.raises(Problems):
            load(path, read=lambda _: b"a b: {}\n")


def test_a_trial_reads_one_file_as_it_would_be(site: Site) -> None:
    tried = trial(site, site.identities)(b"a: {owner: o}\n")
    assert list(tried.identities) == ["a"]
    assert len(load_site(site).identities) == 5
    with pytest.raises(Problems, match=r"identities\.yaml:1: a\.callers: got 'x'"):
        trial(site, site.identities)(b"a: {owner: o, callers: x}\n")


def test_plain_data(tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    path.write_text("from: 22:00\nopen: no\nhosts: [a, {b: 1}]\n")
    assert load_plain(path) == {"from": "22:00", "open": "no", "hosts": ["a", {"b": 1}]}
    assert plain(b"", "data.yaml") is None


def test_plain_data_may_be_wrong(tmp_path: Path) -> None:
    with pytest.raises(Problems, match=r"^request\.invalid: d\.yaml:1: got the anchor &x, expected none$"):
        plain(b"a: &x 1\n", "d.yaml")
    with pytest.raises(Problems, match="cannot be read: Is a directory"):
        load_plain(tmp_path)
