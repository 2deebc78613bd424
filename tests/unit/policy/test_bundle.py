import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jumphost.command.profiled.profile import decode
from jumphost.errors import Code, Problems
from jumphost.policy import bundle, profiles
from jumphost.testing.policies import rule, write_bundle
from jumphost.testing.profiles import EXAMPLES

RULE = rule("policies.rules.a.b", "x := 1")


def problems_of(directory: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(Problems) as caught:
        bundle.load(directory)
    assert caught.value.code is Code.POLICY_INVALID
    return [(os.path.relpath(one.file, directory), one.line, one.code) for one in caught.value.problems]


def test_modules_and_data_are_read_and_tests_left_out(tmp_path: Path) -> None:
    write_bundle(
        tmp_path,
        {
            "rules/a/b/b.rego": RULE,
            "rules/a/b/b_test.rego": rule("policies.rules.a.b_test", "test_x if true"),
            "tests/helper.rego": rule("policies.rules.helper", "x := 1"),
            "tests/decisions/t.yaml": "[]",
            "fixtures/f.rego": rule("policies.fixtures", "x := 1"),
            "data/window/data.yaml": "opens: 22:00\nloud: no\n",
            "data/window/schema.json": "{",
            "data/window/deep/data.json": '{"n": 9007199254740992}',
            "data/data.yml": "top: 1\n",
            "profiles/README.md": "x: [",
            "README.md": "hello",
            ".git/config": "x",
        },
    )
    made = bundle.load(tmp_path)
    site = [module for module in made.modules if module.path.startswith(str(tmp_path))]
    assert [(module.package, module.text) for module in site] == [("policies.rules.a.b", RULE)]
    assert json.loads(made.data)["policies"] == {
        "data": {"window": {"opens": "22:00", "loud": "no", "deep": {"n": 2**53}}, "top": 1}
    }


def test_the_library_that_is_shipped_can_be_read() -> None:
    tree = bundle.read_tree(bundle.library(), bundle.LIBRARY)
    assert tree.problems == []
    assert "jumphost.main" in {module.package for module in tree.modules}
    assert not any(module.package.startswith("jumphost.fixtures") for module in tree.modules)


def test_the_starter_policy_can_be_read() -> None:
    starter = bundle.library().parent.parent / "policies"
    assert len(bundle.load(starter).revision) == 64


def revision(directory: Path, files: dict[str, str]) -> str:
    return bundle.load(write_bundle(directory, files)).revision


def test_the_revision_is_that_of_what_decides(tmp_path: Path) -> None:
    plain = revision(tmp_path / "plain", {"rules/b.rego": RULE})
    assert revision(tmp_path / "same", {"rules/b.rego": RULE}) == plain, "not of where it lies"
    aside = {"README.md": "x", "rules/b_test.rego": rule("policies.rules.a.b_test", ""), "tests/decisions/x.yaml": "[]"}
    assert revision(tmp_path / "aside", {"rules/b.rego": RULE, **aside}) == plain
    others: list[dict[str, str]] = [
        {"rules/b.rego": RULE + "\n"},
        {"rules/c.rego": RULE},
        {"rules/b.rego": RULE, "data/data.json": "{}"},
        {"rules/b.rego": RULE, ".manifest": '{"roots": ["policies"]}'},
    ]
    revisions = {revision(tmp_path / str(number), files) for number, files in enumerate(others)}
    assert len(revisions | {plain}) == 1 + len(others)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"rules/b.rego": rule("jumphost.main", "x := 1")}, ("rules/b.rego", 1, "root.package")),
        ({"rules/b.rego": rule("system.authz", "allow := true")}, ("rules/b.rego", 1, "root.package")),
        ({"rules/b.rego": rule("policies.data.x", "x := 1")}, ("rules/b.rego", 1, "data.overlap")),
        ({"rules/a/data.json": "{}"}, ("rules/a/data.json", 0, "data.place")),
        ({"data.yaml": "rules: {}"}, ("data.yaml", 0, "data.place")),
        ({"data/data.json": "[]"}, ("data/data.json", 0, "data.value")),
        ({"data/data.json": '{"a": 1,\n}'}, ("data/data.json", 2, "data.value")),
        ({"data/data.json": '{"a": 1, "a": 2}'}, ("data/data.json", 0, "data.value")),
        ({"data/data.json": '{"a": 9007199254740993}'}, ("data/data.json", 0, "data.value")),
        ({"data/data.json": '{"a": NaN}'}, ("data/data.json", 0, "data.value")),
        ({"data/data.json": '{"a": ' * 40 + "1" + "}" * 40}, ("data/data.json", 0, "data.value")),
        ({"data/data.json": '{"a": ' * 99_999}, ("data/data.json", 0, "data.value")),
        ({"data/data.yaml": "a: 1\nb: [\n"}, ("data/data.yaml", 3, "syntax.yaml")),
        ({"data/data.yaml": "a: 1\n", "data/data.json": '{"a": 1}'}, ("data/data.yaml", 0, "data.overlap")),
        ({"data/a/data.yaml": "b: 1\n", "data/data.json": '{"a": 1}'}, ("data/a/data.yaml", 0, "data.overlap")),
        ({"rules/odd name.rego": RULE}, ("rules/odd name.rego", 0, "root.file")),
        ({"data/é/data.json": "{}"}, ("data/é/data.json", 0, "root.file")),
        ({"rules/long.rego": "# " + "x" * bundle.MAX_MODULE}, ("rules/long.rego", 0, "root.file")),
        ({".manifest": '{"roots": [""]}'}, (".manifest", 0, "root.manifest")),
        ({".manifest": '{"roots": []}'}, (".manifest", 0, "root.manifest")),
        ({".manifest": '{"roots": ["policies", "jumphost"]}'}, (".manifest", 0, "root.manifest")),
        ({".manifest": '{"roots": ["policies"], "rego_version": 0}'}, (".manifest", 0, "root.manifest")),
        ({".manifest": '{"roots": ["policies"], "extra": 0}'}, (".manifest", 0, "root.manifest")),
        ({".manifest": '{"rego_version": 1}'}, (".manifest", 0, "root.manifest")),
        ({".manifest": "\xff"}, (".manifest", 0, "root.manifest")),
        ({".manifest": '{"roots": ["policies/rules"]}', "data/data.json": "{}"}, ("data/data.json", 0, "data.place")),
    ],
)
def test_what_could_grant_by_its_place_is_refused(
    tmp_path: Path, files: dict[str, str], expected: tuple[str, int, str]
) -> None:
    assert problems_of(write_bundle(tmp_path, files)) == [expected]


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def linked_folder(path: Path) -> None:
    path.symlink_to("/etc", target_is_directory=True)


@pytest.mark.parametrize("make", [link, linked_folder, os.mkfifo])
@pytest.mark.parametrize("name", ["rules/b.rego", "data/data.json", "README.md", "tests", ".hidden"])
def test_links_and_devices_are_refused_wherever_they_are(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    write_bundle(tmp_path, {"rules/a.rego": RULE, "data/x/data.json": "{}"})
    make(tmp_path / name)
    assert problems_of(tmp_path) == [(name, 0, "root.file")]


def test_a_link_that_appears_after_the_listing_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic"):
        bundle.read_regular(tmp_path / "a", 100)
    os.mkfifo(tmp_path / "b")
    with pytest.raises(ValueError, match="got no regular file"):
        bundle.read_regular(tmp_path / "b", 100)


def test_a_manifest_is_needed(tmp_path: Path) -> None:
    assert problems_of(tmp_path) == [(".manifest", 0, "root.manifest")]


def test_a_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "none") == [(".manifest", 0, "root.manifest"), (".", 0, "root.file")]


def test_files_and_folders_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bundle(tmp_path, {"a/b/c/d/x": "", "rules/b.rego": RULE, "rules/c.rego": RULE})
    monkeypatch.setattr(bundle, "MAX_LEVELS", 3)
    assert problems_of(tmp_path) == [(".", 0, "root.file")]
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "MAX_FILES", 4)
    tree = bundle.read_tree(tmp_path, bundle.SITE)
    assert [problem.code for problem in tree.problems] == ["root.file"]
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "MAX_TOTAL", len(RULE) + 10)
    tree = bundle.read_tree(tmp_path, bundle.SITE)
    assert [problem.message for problem in tree.problems] == [
        f"got more than {len(RULE) + 10} bytes to load, expected fewer"
    ]


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    write_bundle(tmp_path, {"rules/a.rego": "x", "rules/b.rego": rule("other", ""), "data.json": "{}"})
    assert [code for _, _, code in problems_of(tmp_path)] == ["data.place", "syntax.header", "root.package"]


PROFILE = f"mine:\n  summary: of this site\n{EXAMPLES}"


def test_profiles_of_a_site_are_added_to_the_shipped_ones(tmp_path: Path) -> None:
    files = {
        "profiles/a.yaml": PROFILE,
        "profiles/deep/b.yml": PROFILE.replace("mine", "other"),
        "profiles/README": "x",
    }
    found = decode(bundle.load(write_bundle(tmp_path, files)).profiles)
    assert {"echo", "mine", "other"} <= found.keys()
    assert found["mine"].file == str(tmp_path / "profiles/a.yaml")


def test_what_a_profile_says_is_part_of_the_revision(tmp_path: Path) -> None:
    first = revision(tmp_path / "a", {"profiles/a.yaml": PROFILE})
    assert first == revision(tmp_path / "b", {"profiles/a.yaml": PROFILE})
    assert first != revision(tmp_path / "c", {"profiles/a.yaml": PROFILE.replace("site", "other")})
    assert first != revision(tmp_path / "d", {})


def test_what_is_shipped_is_part_of_the_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = revision(tmp_path, {})
    monkeypatch.setattr(profiles, "shipped_digest", lambda: b"other")
    assert revision(tmp_path, {}) != first


def test_a_profile_that_is_wrong_or_doubled_is_a_problem(tmp_path: Path) -> None:
    files = {
        "profiles/a.yaml": PROFILE + PROFILE.replace("mine", "echo"),
        "profiles/b.yaml": PROFILE,
        "profiles/c.yaml": "x:\n  frob: 1\n",
    }
    assert set(problems_of(write_bundle(tmp_path, files))) >= {
        ("profiles/a.yaml", 5, "data.overlap"),
        ("profiles/b.yaml", 1, "data.overlap"),
        ("profiles/c.yaml", 2, "schema.profile"),
    }


def test_the_library_has_no_profiles(tmp_path: Path) -> None:
    manifest = '{"roots": ["jumphost"], "rego_version": 1}'
    tree = bundle.read_tree(write_bundle(tmp_path, {".manifest": manifest, "profiles/a.yaml": PROFILE}), bundle.LIBRARY)
    assert (tree.profiles, tree.problems) == ({}, [])
