"""The library and the starter policy keep to what both engines understand alike, and say what they are."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from jumphost.errors import Code
from jumphost.testing.reference import entries
from jumphost.testing.rego import WITHOUT_OPA, modules_under, opa_command, opa_installed

ROOT = Path(__file__).parents[3]
MODULES = {
    str(Path(path).relative_to(ROOT)): text for path, text in modules_under(ROOT / "rego", ROOT / "policies").items()
}
SHIPPED = {path: text for path, text in MODULES.items() if not path.endswith("_test.rego")}
BUILTINS = {  # measured alike in both engines on documents of the gateway
    *(
        "array.concat",
        "concat",
        "contains",
        "count",
        "endswith",
        "floor",
        "is_array",
        "is_number",
        "is_object",
        "is_set",
    ),
    *(
        "is_string",
        "lower",
        "min",
        "object.get",
        "object.keys",
        "object.union",
        "object.union_n",
        "regex.match",
        "replace",
        "sort",
    ),
    *("startswith", "substring"),
}
CODE = {path: re.sub(r"`[^`]*`|\"(?:\\.|[^\"\\])*\"|#.*", "_", text) for path, text in MODULES.items()}

IGNORED = ["--ignore", "schema", "--ignore", "decisions"]  # no data of a bundle
LIBRARY = [*IGNORED, "rego/jumphost"]
TREES = [*LIBRARY, "policies:policies"]
SCHEMA = ["--schema", "rego/jumphost/schema/input.json"]

with_opa = pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
each_module = pytest.mark.parametrize("path", MODULES)
each_shipped = pytest.mark.parametrize("path", SHIPPED)


@each_module
def test_imports(path):
    assert "\nimport rego.v1\n" in MODULES[path]
    negates = re.search(r"\bnot\b", CODE[path].replace("future.keywords.not", "")) is not None
    assert ("\nimport future.keywords.not\n" in MODULES[path]) == negates  # `opa fmt` drops it where it is not used


@each_module
def test_package_mirrors_the_folder(path):
    folder = Path(path).parent.parts[1:] if path.startswith("rego/") else Path(path).parent.parts
    (package,) = re.findall(r"^package (\S+)$", MODULES[path], re.MULTILINE)
    assert package.removesuffix("_test") == ".".join(folder)


@each_module
def test_builtins_are_on_the_list(path):
    code = CODE[path]
    imported = set(re.findall(r"^import data\.\S*?(\w+)$", code, re.MULTILINE))
    package = [other for at, other in CODE.items() if Path(at).parent == Path(path).parent]
    own = {name for other in package for name in re.findall(r"^(\w+)\(", other, re.MULTILINE)}
    called = set(re.findall(r"(?<![\w.])([a-z_]\w*(?:\.\w+)*)\(", code))
    strangers = {name for name in called if name not in own | BUILTINS and name.split(".")[0] not in imported}
    assert strangers == set()


@each_module
def test_heads_and_negations(path):
    code = CODE[path]
    assert not re.findall(r"^\w+\[.*", code, re.MULTILINE), "maps are built whole"
    assert not re.findall(r"^\w+ contains (?!\w+ if)(?!\w+$).*", code, re.MULTILINE), "heads bind only variables"
    assert not re.findall(r"every [^{]*\{[^}]*\bnot\b", code), "no not within every"
    assert "walk(" not in code


@each_module
def test_character_classes_are_written_out(path):
    assert not re.findall(r"\\[dDwWsSbB]", MODULES[path])


@each_shipped
def test_everything_public_says_what_it_is(path):
    text = SHIPPED[path]
    of_the_package = Path(path).stem == Path(path).parent.name
    assert text.startswith("# METADATA\n# title: " if of_the_package else "# ")
    lines = text.splitlines()
    seen = set()
    for number, line in enumerate(lines):
        name = re.match(r"([a-z]\w*)(?:\(| :=| contains| if)", line)
        if name and name[1] not in seen and not line.startswith(("import", "package")):
            assert lines[number - 1].startswith("#"), f"{path}:{number + 1}: {name[1]} has no METADATA"
            if "contains" not in line:
                seen.add(name[1])


def test_every_verdict_has_an_id_of_its_own():
    said = [entry for path, text in SHIPPED.items() for entry in entries(text, path)]
    assert [entry.title for entry in said if not entry.description and not entry.ids] == []
    ids = [rule for entry in said for rule in entry.ids]
    assert ids
    assert sorted(ids) == sorted(set(ids) - {code.value for code in Code})


def opa(*words):
    return subprocess.run([opa_command(), *words], cwd=ROOT, capture_output=True, text=True, check=False)


@with_opa
@pytest.mark.parametrize(
    "words",
    [
        ["check", "--strict", *TREES],
        ["check", "--strict", *SCHEMA, "--ignore", "canary", *TREES],  # its input is no request
        ["test", *TREES],
        ["fmt", "--fail", "--list", "rego", "policies"],
    ],
    ids=["strict", "schema", "test", "fmt"],
)
def test_opa_finds_nothing(words):
    run = opa(*words)
    assert run.returncode == 0, run.stdout + run.stderr


@with_opa
@pytest.mark.parametrize(("trees", "root"), [(LIBRARY, "rego/"), (TREES, "")], ids=["library", "all"])
def test_every_line_is_reached_by_tests_in_rego(trees, root):
    run = opa("test", "--coverage", *trees)
    assert run.returncode == 0, run.stdout + run.stderr
    files = json.loads(run.stdout)["files"]
    assert {path for path in SHIPPED if path.startswith(root)} <= files.keys()
    missed = {path: [lines["start"]["row"] for lines in file.get("not_covered", [])] for path, file in files.items()}
    assert {path: rows for path, rows in missed.items() if rows} == {}


@with_opa
@pytest.mark.parametrize("field", ["input.commnd", "input.identity.group", "input.command.commands[_].name"])
def test_opa_finds_a_field_that_no_request_has(tmp_path, field):
    (tmp_path / "rule.rego").write_text(f"package policies.rules.a.b\nimport rego.v1\nallow contains 1 if {field}\n")
    run = opa("check", "--strict", *SCHEMA, str(tmp_path))
    assert run.returncode == 1
    assert f"undefined ref: {field}" in run.stderr
