"""Edits keep what a person wrote, and never lose a file."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jumphost.config.edit import append_entry, render, replace, set_scalar
from jumphost.config.load import load_identities, load_plain
from jumphost.errors import Problems

WRITTEN = """\
# who may log in

order-service:            # nightly
  owner: payments-team    # asks first
  # two groups since spring
  groups: [payments, nightly]
  enabled: true           # see ticket 7

batch: {owner: data-team, groups: []}
"""
ENTRY = {"owner": "o", "groups": ["a", "1e3"], "scope": ["exec:db:*"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "identities.yaml"
    file.write_text(WRITTEN)
    file.chmod(0o640)
    return file


@pytest.fixture
def check(path: Path) -> Callable[[bytes], object]:
    return lambda data: load_identities(path, read=lambda _: data)


Check = Callable[[bytes], object]


def test_an_entry_is_added_below_what_is_there(path: Path, check: Check) -> None:
    append_entry(path, "new", ENTRY, check=check)
    assert path.read_text() == WRITTEN + "\nnew:\n  owner: o\n  groups: [a, '1e3']\n  scope: ['exec:db:*']\n"
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("# none\n", "# none\n\n"),
        ("# none", "# none\n\n"),
        ("{}\n", ""),
        ("# none\n{}\n", "# none\n\n\n"),
        ("---\n", "---\n\n"),
        ("a: {owner: x}", "a: {owner: x}\n\n"),
    ],
)
def test_an_entry_fits_into_any_file_of_entries(path: Path, check: Check, before: str, after: str) -> None:
    path.write_text(before)
    append_entry(path, "new", {"owner": "o"}, check=check)
    assert path.read_text() == after + "new: {owner: o}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{a: {owner: x}}\n", "got entries within { }"),
        ("  a: {owner: x}\n", "does not fit into"),
        ("a: {owner: x}\n...\n", "does not fit into"),
        ("new: {owner: x}\n", "got a name that line 1 has, expected a new one"),
        ("- a\n", "got a list, expected a mapping of names"),
        ("a: [\n", "not YAML"),
        ("a: &x {owner: x}\n", "got the anchor"),
        ("a: {ownr: x}\n", "got an unknown key"),
    ],
)
def test_a_file_that_an_entry_does_not_fit_into_stays_as_it_is(path: Path, check: Check, text: str, says: str) -> None:
    path.write_text(text)
    with pytest.raises(Problems, match=says):
        append_entry(path, "new", {"owner": "o"}, check=check)
    assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_an_entry_that_is_wrong_is_not_added(path: Path, check: Check) -> None:
    with pytest.raises(Problems, match=r"new\.scope\[0\]: got 'x'"):
        append_entry(path, "new", {"owner": "o", "scope": ["x"]}, check=check)
    assert path.read_text() == WRITTEN


@pytest.mark.parametrize(
    ("name", "line", "becomes"),
    [
        ("order-service", "  enabled: true           # see ticket 7", "  enabled: false           # see ticket 7"),
        ("batch", "batch: {owner", "batch: {enabled: false, owner"),
    ],
)
def test_a_field_is_set_where_it_stands(path: Path, check: Check, name: str, line: str, becomes: str) -> None:
    assert set_scalar(path, name, "enabled", value=False, check=check)
    assert path.read_text() == WRITTEN.replace(line, becomes)
    assert not set_scalar(path, name, "enabled", value=False, check=check)


def test_a_field_that_was_not_there_is_put_first(path: Path, check: Check) -> None:
    path.write_text("a:\n    # note\n    owner: x  # who\n    groups:\n    - g\n")
    assert set_scalar(path, "a", "enabled", value=False, check=check)
    assert path.read_text() == "a:\n    # note\n    enabled: false\n    owner: x  # who\n    groups:\n    - g\n"


def test_a_text_is_set_so_that_it_stays_text(path: Path, check: Check) -> None:
    assert set_scalar(path, "batch", "owner", value="no", check=check)
    assert load_plain(path)["batch"]["owner"] == "no"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WRITTEN, "got no such entry, expected one of order-service, batch"),
        ("# none\n", "got no such entry, expected one that was added: the file has none"),
        ("who: 1\n", "got no such entry, expected one of who"),
        ("who: {}\n", "got no such entry, expected one of who"),
    ],
)
def test_an_entry_that_is_not_there(path: Path, check: Check, text: str, says: str) -> None:
    path.write_text(text)
    with pytest.raises(Problems, match=says):
        set_scalar(path, "who", "enabled", value=False, check=check)
    assert path.read_text() == text


def test_a_change_of_nothing_still_looks_at_the_file(path: Path, check: Check) -> None:
    path.write_text("a: {owner: x, enabled: 1}\n")
    with pytest.raises(Problems, match="got 1, expected true or false"):
        set_scalar(path, "a", "enabled", value=True, check=check)


@pytest.mark.parametrize(
    "text", ["no", "1e3", "0o17", "22:00", "~", "", " x", "a: b", "# c", "é", "-", "'\"", "12", ".5"]
)
def test_what_is_rendered_is_read_back_as_it_was(path: Path, text: str) -> None:
    path.write_text(render("a", {"owner": text, "labels": {"k": text}, "list": [text, text]}))
    assert load_plain(path) == {"a": {"owner": text, "labels": {"k": text}, "list": [text, text]}}


def test_an_address_needs_no_quotes() -> None:
    assert (
        render("a", {"host": "127.0.0.1", "port": 22, "x": [True]})
        == "a:\n  host: 127.0.0.1\n  port: 22\n  x: [true]\n"
    )


def test_a_link_stays_a_link(path: Path, check: Check) -> None:
    real = path.rename(path.with_name("real.yaml"))
    path.symlink_to(real)
    set_scalar(path, "batch", "enabled", value=False, check=check)
    assert path.is_symlink()
    assert load_plain(real)["batch"]["enabled"] is False


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for missing in (tmp_path / "a.yaml", tmp_path / "nowhere" / "a.yaml"):
        with pytest.raises(Problems, match="cannot be changed: No such file or directory"):
            append_entry(missing, "a", {}, check=lambda _: None)


def test_a_check_that_fails_for_any_reason_leaves_the_file(path: Path) -> None:
    def broken(_: bytes) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        append_entry(path, "new", ENTRY, check=broken)
    assert path.read_text() == WRITTEN


def test_edits_at_the_same_time_are_all_kept(path: Path, check: Check) -> None:
    threads = [
        threading.Thread(target=append_entry, args=(path, f"n{number}", ENTRY), kwargs={"check": check})
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(load_plain(path)) == {"order-service", "batch", *(f"n{number}" for number in range(8))}


def test_a_kill_between_writing_and_renaming_loses_nothing(path: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from jumphost.config.edit import append_entry\n"
        "Path.replace = lambda *_: os._exit(9)\n"
        "append_entry(Path(sys.argv[1]), 'new', {'owner': 'o'}, check=lambda _: None)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, path], check=False).returncode == 9
    assert path.read_text() == WRITTEN
    append_entry(path, "new", {"owner": "o"}, check=lambda _: None)
    assert path.read_text().startswith(WRITTEN)


def test_a_failed_write_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Problems, match="cannot be changed: No space left on device"):
        append_entry(path, "new", ENTRY, check=lambda _: None)
    assert path.read_text() == WRITTEN
    assert list(path.parent.iterdir()) == [path]


def test_replace_makes_a_new_file_for_its_owner_only(tmp_path: Path) -> None:
    replace(tmp_path / "new", b"x")
    assert (tmp_path / "new").read_bytes() == b"x"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_replace_keeps_the_owner(path: Path) -> None:
    os.chown(path, 1, 1)
    replace(path, b"x")
    assert (path.stat().st_uid, path.stat().st_gid) == (1, 1)
