"""A bundle as it lies on the disk: the shipped library and a site's policies, checked and read once.

Nothing is taken that could grant by its place: a package outside its root could redefine the library, data over rules
would replace them (regorus lets data win), a test could mock an allow, a link could point anywhere.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct

import jumphost
from jumphost.command.profiled.profile import Profile, encode
from jumphost.config.load import plain
from jumphost.config.tree import MAX_DEPTH, MAX_INTEGER
from jumphost.errors import Code, Problem, Problems
from jumphost.masking import custom
from jumphost.policy import detectors, profiles
from jumphost.policy.header import read_module
from jumphost.policy.protocol import Bundle, Module

LIBRARY, SITE = "jumphost", "policies"  # the two roots
MAX_FILES = 10_000  # entries of a bundle, whatever they are
MAX_LEVELS = 12  # of folders
MAX_MODULE = 256 * 1024  # bytes of one Rego file
MAX_DATA = 16 << 20  # bytes of one data file, as of any YAML file of a site
MAX_TOTAL = 64 << 20  # bytes that are loaded

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_DATA = frozenset({"data.json", "data.yaml", "data.yml"})
_BESIDE = {profiles.FOLDER: profiles.SUFFIXES, detectors.FOLDER: detectors.SUFFIXES}  # neither Rego nor data
_ASIDE = frozenset({"tests", "fixtures"})  # folders of the root that are not for production


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """``.manifest``, as OPA has it."""

    roots: tuple[str, ...]
    rego_version: int = 1
    revision: str = ""
    metadata: dict[str, Any] = {}


@dataclass(slots=True)
class Tree:
    """What was read below one root, and what is wrong with it."""

    directory: Path
    root: str
    roots: tuple[str, ...] = ()
    modules: list[Module] = field(default_factory=list)
    tests: list[Module] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    detectors: dict[str, custom.Custom] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)  # "ROOT/PATH" → SHA-256 of what is loaded
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, path: Path, message: str, code: str, line: int = 0) -> None:
        """Adds a finding."""
        self.problems.append(Problem(str(path), line, "", message, code=code))


def library() -> Path:
    """The library that is shipped: in a wheel below the package, in a checkout beside it."""
    package = Path(jumphost.__file__).parent
    shipped = package / "_rego" / LIBRARY
    return shipped if shipped.is_dir() else package.parent / "rego" / LIBRARY


def load(directory: Path) -> Bundle:
    """The library and the bundle in ``directory``, without tests; Problems with everything that is wrong in both."""
    return join([read_tree(library(), LIBRARY), read_tree(directory, SITE)])


def join(trees: Sequence[Tree]) -> Bundle:
    """One bundle of trees whose roots differ, and of the shipped profiles; Problems if there are any."""
    problems = [problem for tree in trees for problem in tree.problems]
    if problems:
        raise Problems(problems, code=Code.POLICY_INVALID)
    data = {tree.root: {"data": tree.data} for tree in trees if tree.data}
    return Bundle(
        modules=tuple(module for tree in trees for module in tree.modules),
        data=json.dumps(data, ensure_ascii=True).encode(),
        revision=_revision(
            [*(file for tree in trees for file in tree.files.items()), (profiles.FOLDER, profiles.shipped_digest())]
        ),
        profiles=encode(profiles.shipped() | {name: one for tree in trees for name, one in tree.profiles.items()}),
        detectors=custom.encode(one for tree in trees for one in tree.detectors.values()),
    )


def read_tree(directory: Path, root: str) -> Tree:
    """Everything below a folder that is for loading, and the tests apart; what is wrong is in ``problems``."""
    tree = Tree(directory, root)
    _manifest(tree)
    total = 0
    for path, inner in _regular(tree):
        loaded = _bytes_of_policy(tree, path, inner)
        if loaded is None:
            continue
        total += len(loaded)
        if total > MAX_TOTAL:
            tree.wrong(directory, f"got more than {MAX_TOTAL} bytes to load, expected fewer", "root.file")
            break
        if inner.suffix == ".rego":
            test = inner.name.endswith("_test.rego") or inner.parts[0] in _ASIDE
            module = read_module(str(path), loaded, tree.roots, tree.problems, test=test)
            if module:
                (tree.tests if test else tree.modules).append(module)
            if test:
                continue
        elif inner.parts[0] == profiles.FOLDER:
            _profiles(tree, path, loaded)
        elif inner.parts[0] == detectors.FOLDER:
            add_detectors(tree, path, loaded)
        else:
            _data(tree, path, inner, loaded)
        tree.files[f"{root}/{inner}"] = hashlib.sha256(loaded).digest()
    return tree


def _manifest(tree: Tree) -> None:
    path = tree.directory / ".manifest"
    tree.roots = (tree.root,)
    try:
        content = read_regular(path, MAX_MODULE)
        manifest = msgspec.json.decode(content, type=Manifest)
    except (OSError, ValueError) as error:
        tree.wrong(path, f'got {error}, expected {{"roots": ["{tree.root}"], "rego_version": 1}}', "root.manifest")
        return
    tree.files[f"{tree.root}/.manifest"] = hashlib.sha256(content).digest()
    outside = [root for root in manifest.roots if root.split("/")[0] != tree.root or "" in root.split("/")]
    if outside or not manifest.roots or manifest.rego_version != 1:
        got = f"roots {list(manifest.roots)}, rego_version {manifest.rego_version}"
        tree.wrong(path, f"got {got}, expected roots within {tree.root!r} and rego_version 1", "root.manifest")
        return
    tree.roots = manifest.roots


def _regular(tree: Tree) -> Iterator[tuple[Path, PurePosixPath]]:
    """Every regular file with its path below the root, in the order of names; anything else but a folder is wrong."""
    pending, seen = [PurePosixPath()], 0
    while pending:
        inner = pending.pop()
        try:
            entries = sorted(os.scandir(tree.directory / inner), key=lambda entry: entry.name)
        except OSError as error:
            tree.wrong(tree.directory / inner, f"cannot be read: {error.strerror}", "root.file")
            continue
        seen += len(entries)
        if seen > MAX_FILES or len(inner.parts) > MAX_LEVELS:
            limits = f"{MAX_FILES} files and {MAX_LEVELS} levels of folders"
            tree.wrong(tree.directory, f"got more than {limits}, expected fewer", "root.file")
            return
        folders = []
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                tree.wrong(path, "got a symbolic link, expected a file or a folder", "root.file")
            elif entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    folders.append(inner / entry.name)
            elif entry.is_file(follow_symlinks=False):
                yield path, inner / entry.name
            else:
                tree.wrong(path, "got a device, pipe or socket, expected a file or a folder", "root.file")
        pending += reversed(folders)


def _bytes_of_policy(tree: Tree, path: Path, inner: PurePosixPath) -> bytes | None:
    """The content of a file that is for loading; None for any other, and for one that is wrong."""
    data = inner.name in _DATA
    beside = tree.root == SITE and len(inner.parts) > 1 and inner.suffix in _BESIDE.get(inner.parts[0], ())
    if not (data or beside) and inner.suffix != ".rego":
        return None
    if data and not beside and inner.parts[0] != "data":
        if inner.parts[0] not in _ASIDE:
            tree.wrong(path, f"got data here, expected it below {tree.directory / 'data'}", "data.place")
        return None
    if odd := [part for part in inner.parts if not _PART.fullmatch(part)]:
        tree.wrong(path, f"got the name {odd[0]!a}, expected letters, digits and . _ -", "root.file")
        return None
    try:
        return read_regular(path, MAX_DATA if data and not beside else MAX_MODULE)
    except (OSError, ValueError) as error:
        tree.wrong(path, str(error), "root.file")
        return None


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a file that is one, and no link; OSError, or ValueError if it is another thing or too long."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ValueError("got no regular file, expected one")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"got more than {limit} bytes, expected at most {limit}")
    return content


def _profiles(tree: Tree, path: Path, content: bytes) -> None:
    for one in profiles.read(content, str(path), tree.problems).values():
        there = profiles.shipped() | tree.profiles
        profiles.merge(there, [one], tree.problems)
        if there[one.program] is one:
            tree.profiles[one.program] = one


def add_detectors(tree: Tree, path: Path, content: bytes) -> None:
    """Those of one file."""
    found = detectors.read(content, str(path), tree.problems)
    detectors.merge(tree.detectors, found, str(path), tree.problems)


def _data(tree: Tree, path: Path, inner: PurePosixPath, content: bytes) -> None:
    try:
        value = _json(content) if inner.suffix == ".json" else plain(content, str(path))
    except Problems as problems:
        tree.problems += problems.problems
        return
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        tree.wrong(path, f"not JSON: {error}", "data.value", line)
        return
    if not isinstance(value, dict):
        tree.wrong(path, "got no mapping, expected one", "data.value")
        return
    place = (tree.root, *inner.parts[:-1])
    if not any(place[: len(root)] == root for root in (tuple(root.split("/")) for root in tree.roots)):
        tree.wrong(path, f"got data at {'.'.join(place)}, expected it within {list(tree.roots)}", "data.place")
        return
    for folder in reversed(inner.parts[1:-1]):
        value = {folder: value}
    for key in _merge(tree.data, value, f"{tree.root}.data"):
        tree.wrong(path, f"got {key} again, expected each name in one file", "data.overlap")


def _json(content: bytes) -> Any:
    """JSON as strictly as the YAML of a site is read; ValueError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError(f"got a key twice among {sorted(made)[:8]}, expected it once")
        return made

    def integer(text: str) -> int:
        if len(text) > 24 or abs(number := int(text)) > MAX_INTEGER:
            raise ValueError(f"got {text[:24]}, expected an integer within 2^53")
        return number

    def constant(text: str) -> Any:
        raise ValueError(f"got {text}, expected a number")

    try:
        value = json.loads(content, object_pairs_hook=once, parse_int=integer, parse_constant=constant)
        _check_depth(value, 1)
    except RecursionError:
        raise ValueError(f"got more than {MAX_DEPTH} levels, expected fewer") from None
    return value


def _check_depth(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise RecursionError
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(item, depth + 1)


def _merge(into: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
    """Adds a mapping to another; yields the names that both have."""
    for key, item in value.items():
        there = into.get(key)
        if isinstance(there, dict) and isinstance(item, dict):
            yield from _merge(there, item, f"{where}.{key}")
        elif key in into:
            yield f"{where}.{key}"
        else:
            into[key] = item


def _revision(files: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over each path, a NUL, and the digest of its bytes, in the order of the paths."""
    digest = hashlib.sha256()
    for path, content in sorted(files):
        digest.update(path.encode() + b"\0" + content)
    return digest.hexdigest()
