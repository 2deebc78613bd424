import json
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jumphost.policy.opa.layout import MAX_FOLDER, PREFIX, Folder, findings, write
from jumphost.policy.protocol import Bundle, Module

BUNDLE = Bundle(
    modules=(
        Module("lib/main.rego", "jumphost.main", "package jumphost.main"),
        Module("a b.rego", "policies.rules.a.b", "é"),
    ),
    data=b'{"policies": {"data": {"k": 1}}}',
    revision="r" * 64,
)


def test_a_folder_is_private_and_goes_away(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    (folder.path / "file").touch()
    folder.remove()
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_the_next_removes_what_the_dead_left_and_nothing_else(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from jumphost.policy.opa.layout import Folder; Folder(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True)
    (dead,) = tmp_path.iterdir()
    (tmp_path / f"{PREFIX}file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path)
    alive = Folder(tmp_path)
    second = Folder(tmp_path)
    assert not dead.exists()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {alive.path.name, second.path.name, f"{PREFIX}file", f"{PREFIX}link"}
    alive.remove()
    second.remove()


def test_where_a_socket_s_path_would_be_too_long_it_is_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * MAX_FOLDER)
    deep.mkdir()
    folder = Folder(deep)
    assert folder.path.parent == Path(tempfile.gettempdir())
    folder.remove()


def test_no_folder_where_there_is_none(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match="No such file"):
        Folder(tmp_path / "none")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_each_part_has_its_roots_and_the_revision(tmp_path: Path) -> None:
    names = write(BUNDLE, tmp_path)
    manifests = {path.parent.name: json.loads(path.read_text()) for path in tmp_path.glob("*/.manifest")}
    assert {name: one["roots"] for name, one in manifests.items()} == {
        "jumphost": ["jumphost"],
        "policies": ["policies"],
        "guard": ["system/authz"],
    }
    assert {one["revision"] for one in manifests.values()} == {BUNDLE.revision}
    assert names == {"jumphost/0.rego": "lib/main.rego", "policies/1.rego": "a b.rego"}
    assert (tmp_path / "policies/1.rego").read_text() == "é"
    assert json.loads((tmp_path / "policies/data.json").read_text()) == {"policies": {"data": {"k": 1}}}
    assert not (tmp_path / "jumphost/data.json").exists()
    assert "system.authz" in (tmp_path / "guard/guard.rego").read_text()


SAID = """error: load error: bundle /tmp/s x/policies: 2 errors occurred:
/tmp/s x/policies/1.rego:5: rego_parse_error: unexpected eof token
  x :=
     ^
/tmp/s x/policies/1.rego:7: rego_parse_error: unexpected eof token: expected more
error: initialization error: 1 error occurred: tmp/jumphost/0.rego:4: rego_type_error: undefined function foo
error: load error: bundle policies: manifest roots [policies] do not permit 'package x' in module '/t/policies/1.rego'
/tmp/other/9.rego:1: rego_parse_error: not ours
"""


def test_what_opa_says_is_about_the_files_of_the_bundle(tmp_path: Path) -> None:
    found = findings(SAID, write(BUNDLE, tmp_path))
    assert [(one.file, one.line, one.code) for one in found] == [
        ("a b.rego", 5, "syntax.rego"),
        ("a b.rego", 7, "syntax.rego"),
        ("lib/main.rego", 4, "syntax.rego"),
        ("a b.rego", 0, "syntax.rego"),
    ]
    assert found[2].message == "rego_type_error: undefined function foo"
    assert "do not permit 'package x'" in found[3].message
    assert findings("", {}) == []
