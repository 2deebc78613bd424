from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.testing.commands import run


def test_a_clean_site(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site")
    ran = run("config", "check", "--site", site.root)
    assert (ran.status, ran.out, ran.err) == (0, f"{site.root}: no problems\n", "")
    assert run("config", "check", "--site", site.root, "--json").json == []


def test_every_finding_on_stdout_and_exit_1(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site")
    site.identities.write_text("a: {}\nb: {owner: o, grups: []}\n")
    (site.keys / "checkpoint_key").unlink()
    (site.keys / "requests_key").chmod(0o604)
    ran = run("config", "check", "--site", site.root)
    assert ran.status == 1
    assert ran.out.splitlines() == [
        f"{site.identities}:1: a: got no 'owner', expected text",
        f"{site.identities}:2: b.grups: got an unknown key, expected 'groups'?",
        f"{site.keys}/requests_key: got mode 0604, expected 0600: `chmod 0600 {site.keys}/requests_key`",
        f"{site.keys}/checkpoint_key: got no such file, expected it: `jumphost init` makes it",
    ]
    rows = run("config", "check", "--site", site.root, "--json").json
    assert rows[1] == {
        "file": str(site.identities),
        "line": 2,
        "key": "b.grups",
        "code": "schema.key",
        "message": "got an unknown key, expected 'groups'?",
        "fix": "",
    }
    assert [row["code"] for row in rows] == ["schema.key", "schema.key", "site.mode", "site.file"]


def test_a_sandbox_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumphost.target.bubble.PATH", "/nonexistent")
    site = create_site(tmp_path / "site")
    site.targets.write_text("# one\nhere: {kind: process, logins: [app]}\n")
    ran = run("config", "check", "--site", site.root)
    assert (ran.status, ran.out.startswith(f"{site.targets}:2: here: the sandbox cannot be made: ")) == (1, True)
    assert "got no bwrap: install bubblewrap 0.8 or later" in ran.out
    assert [row["code"] for row in run("config", "check", "--site", site.root, "--json").json] == ["target.unreachable"]


def test_no_site_is_a_wrong_use(tmp_path: Path) -> None:
    ran = run("config", "check", "--site", tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert "expected a site" in ran.err
