from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.policy import profiles
from jumphost.testing.commands import run
from jumphost.testing.profiles import EXAMPLES

GOOD = """
mine:
  summary: of this site
  effects: [fs_read]
  flags: {-a: }
  operands: ["path_read*"]
  verbs: {go: {effects: [net_read], effects_from: http}, set: {verbs: {up: }}}
  bare: true
  allow: [mine -a /srv/app/x]
  refuse: [mine -b]
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = create_site(tmp_path / "site", example=True)
    (made.policies / profiles.FOLDER).mkdir(exist_ok=True)
    (made.policies / profiles.FOLDER / "mine.yaml").write_text(GOOD)
    return made


def test_lint_finds_nothing_in_what_is_shipped() -> None:
    ran = run("profile", "lint")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.endswith(" profiles, nothing found\n")
    assert run("profile", "lint", "--json").json == []


def test_lint_reads_and_tries(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(GOOD + f"x:\n  summary: s\n  frob: 1\n{EXAMPLES}" + GOOD.replace("mine:", "y:"))
    ran, listed = run("profile", "lint", tmp_path), run("profile", "lint", tmp_path, "--json")
    assert (ran.status, listed.status) == (1, 1)
    unknown, unmatched = listed.json
    assert unknown["message"].startswith("got an unknown key")
    assert unmatched["message"].startswith("allow: mine -a /srv/app/x: got no call of y")
    assert ran.out.splitlines() == [
        f"{bad}:13: x.frob: {unknown['message']} (schema.profile)",
        f"{bad}:17: y: {unmatched['message']} (schema.example)",
    ]
    assert unknown.keys() == {"file", "line", "key", "code", "message", "fix"}
    assert ran.err == "2 profiles, 2 found\n"


def test_lint_finds_a_program_in_two_files(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD)
    ran = run("profile", "lint", tmp_path / "a.yaml", tmp_path / "b.yaml")
    assert (ran.status, "(data.overlap)" in ran.out) == (1, True)


def test_show_what_is_known_of_a_program(site: Site) -> None:
    ran = run("profile", "show", "mine", "--site", site.root)
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "mine: of this site",
        f"{site.policies}/profiles/mine.yaml:2, not verified",
        "form         flags  operands    effects",
        "mine         -a     path_read*  fs_read",
        "mine go                         net_read by its http",
        "mine set up",
    ]
    assert "verified: coreutils" in run("profile", "show", "echo").out
    shown = run("profile", "show", "mine", "--site", site.root, "--json").json
    assert (shown["program"], shown["forms"][0]["effects"]) == ("mine", ["fs_read"])


def test_show_ends_with_2_where_there_is_none(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    ran = run("profile", "show", "mine")
    assert (ran.status, ran.err) == (2, "jumphost: got mine, expected a program that has a profile\n")
    monkeypatch.setenv("JUMPHOST_SITE", str(site.root))
    assert run("profile", "show", "mine").status == 0
    monkeypatch.delenv("JUMPHOST_SITE")
    monkeypatch.chdir(site.root)
    assert run("profile", "show", "mine").status == 0


def test_try_says_of_each_call_why_it_does_not_match(site: Site) -> None:
    ran = run("profile", "try", "--site", site.root, "--", "echo hi; mine -b; mine -a /a; nope")
    assert ran.status == 1
    assert [line.split(None, 1)[1].strip() for line in ran.out.splitlines()[1:]] == [
        "matched   no effects",
        "no match  -b: unknown flag",
        "matched   fs_read",
        "no match  no profile",
    ]


def test_try_of_what_matches(site: Site) -> None:
    ran = run("profile", "try", "--json", "--site", site.root, "--", "mine", "/a")
    assert ran.status == 0
    assert ran.json["tier"] == "literal"
    (call,) = ran.json["calls"]
    assert (call["program"], call["why"], call["reads"], call["known"]) == ("mine", "", ["/a"], True)
    assert call["profile"]["matched"]


def test_try_of_what_is_no_command() -> None:
    ran = run("profile", "try", "--", "echo 'a")
    assert (ran.status, ran.err) == (2, "jumphost: got no command that can be read (syntax), expected one\n")


def test_a_site_whose_profiles_are_wrong_ends_with_findings(site: Site) -> None:
    (site.policies / profiles.FOLDER / "echo.yaml").write_text(GOOD.replace("mine:", "echo:"))
    ran = run("profile", "show", "echo", "--site", site.root)
    assert ran.status == 1
    assert "got a profile of echo again" in ran.err
