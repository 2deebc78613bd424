"""Edits a site's file in place: what a person wrote, comments and order too, stays as it is.

(1) one editor at a time, by a lock on the folder; (2) the file must be free of problems; (3) the text is changed at one
place; (4) the new text must say what the old one said plus the change, and nothing else; (5) ``check`` must take it;
(6) it replaces the file in one step, after it is on disk. Until (6) the file is untouched, whatever happens.
"""

import fcntl
import json
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import yaml

from jumphost.config.tree import FLOAT, INTEGER, Findings, Node, parse, show
from jumphost.errors import Problem, Problems

Trial = Callable[[bytes], object]
"""Reads the bytes that would be written, and raises Problems if the site would not be right with them."""


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.1 or YAML 1.2 reads as something other than text, so that neither can misread it."""


for _tag, _pattern in (("int", INTEGER), ("float", FLOAT)):
    _whole = re.compile(rf"(?:{_pattern.pattern})\Z")
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _whole, list("-+.0123456789"))


def render(name: str, entry: Mapping[str, Any]) -> str:
    """An entry as it is written: a key a line, lists and mappings within it on one line."""
    text: str = yaml.dump(
        {name: dict(entry)}, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=2**30, allow_unicode=True
    )
    return text


def append_entry(path: Path, name: str, entry: Mapping[str, Any], *, check: Trial) -> None:
    """Adds an entry at the end; Problems if the name is taken or the file would not be right with it."""
    with _editing(path) as (text, root):
        entries = _entries(path, root)
        if name in entries:
            _refuse(path, f"got a name that line {entries[name].line} has, expected a new one", key=name)
        if root.flow and entries:
            _refuse(path, "got entries within { }, expected one below the other: put them so, then add", root.line)
        kept = text[: root.start] + text[root.end :] if root.flow else text
        if not kept.strip():
            kept, gap = "", ""
        else:
            gap = "\n" if kept.endswith("\n") else "\n\n"
        wanted = {**(root.plain() or {}), name: dict(entry)}
        _commit(path, kept + gap + render(name, entry), wanted, check)


def set_scalar(path: Path, name: str, key: str, *, value: str | int | bool, check: Trial) -> bool:
    """Sets one field of an entry; False if it said so already. Problems if there is no such entry."""
    with _editing(path) as (text, root):
        entries = _entries(path, root)
        entry = entries.get(name)
        if entry is None or not isinstance(entry.value, dict) or not entry.value:
            known = f"one of {', '.join(entries)}" if entries else "one that was added: the file has none"
            _refuse(path, f"got no such entry, expected {known}", key=name)
        wanted = {**root.plain(), name: {**entry.plain(), key: value}}
        if wanted == root.plain():
            check(text.encode())
            return False
        _commit(path, _with_scalar(text, entry.value, entry.flow, key, json.dumps(value)), wanted, check)
        return True


def replace(path: Path, data: bytes) -> None:
    """Puts ``data`` at ``path`` in one step, once it is on disk; mode and owner stay, a new file is 0600. OSError."""
    place = path.resolve()  # a link stays one
    handle, temporary = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if place.exists():
                _take_after(handle, place.stat())
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(temporary).replace(place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(place.parent)


def _take_after(handle: int, status: os.stat_result) -> None:
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(handle, status.st_uid, status.st_gid)
    os.fchmod(handle, stat.S_IMODE(status.st_mode))


def _with_scalar(text: str, fields: dict[str, Node], flow: bool, key: str, value: str) -> str:
    if key in fields:
        return text[: fields[key].start] + value + text[fields[key].end :]
    first = min(fields.values(), key=lambda node: node.key)
    between = ", " if flow else "\n" + " " * first.column
    return f"{text[: first.key]}{key}: {value}{between}{text[first.key :]}"


@contextmanager
def _editing(path: Path) -> Iterator[tuple[str, Node]]:
    """The text and tree of a file that no other editor changes meanwhile; an OSError becomes a problem of the file."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            data = path.read_bytes()
            found = Findings(str(path))
            root = parse(data, found)
            if root is None or found.problems:
                raise Problems(found.problems)
            yield data.decode(), root
        finally:
            os.close(folder)
    except OSError as error:
        _refuse(path, f"cannot be changed: {error.strerror}")


def _entries(path: Path, root: Node) -> dict[str, Node]:
    if root.value is None:
        return {}
    if not isinstance(root.value, dict):
        _refuse(path, f"got {show(root.value)}, expected a mapping of names", root.line)
    return root.value


def _commit(path: Path, text: str, wanted: Mapping[str, Any], check: Trial) -> None:
    data = text.encode()
    found = Findings(str(path))
    root = parse(data, found)
    if root is None or found.problems or root.plain() != wanted:
        _refuse(path, "the file is written in a way that this change does not fit into: make it by hand")
    check(data)
    replace(path, data)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse(path: Path, message: str, line: int = 0, key: str = "") -> NoReturn:
    raise Problems([Problem(str(path), line, key, message, code="site.edit")])
