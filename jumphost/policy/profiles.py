"""The profiles of programs that are shipped, and those of a site: files of YAML, each program in one of them."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import jumphost
from jumphost.command.profiled import reading as profile_reading
from jumphost.command.profiled.profile import Profile
from jumphost.config.tree import Findings, parse
from jumphost.errors import Code, Problem, Problems

FOLDER = "profiles"  # of a bundle
SUFFIXES = frozenset({".yaml", ".yml"})


def read(content: bytes, file: str, problems: list[Problem]) -> dict[str, Profile]:
    """The profiles of one file by program; adds what is wrong with it to ``problems``."""
    found = Findings(file, problems)
    node = parse(content, found)
    if node is None:
        return {}

    def wrong(line: int, key: str, message: str) -> None:
        found.add(line, key, message, code="schema.profile")

    return profile_reading.read(node, file, wrong)


def merge(into: dict[str, Profile], more: Iterable[Profile], problems: list[Problem]) -> None:
    """Adds profiles to others; a program that has one already is a problem, and keeps it."""
    for one in more:
        if first := into.get(one.program):
            message = f"got a profile of {one.program} again, expected it once: {first.file}:{first.line} has it"
            problems.append(Problem(one.file, one.line, one.program, message, code="data.overlap"))
        else:
            into[one.program] = one


def shipped_folder() -> Path:
    """Where the files of the shipped ones are."""
    return Path(jumphost.__file__).parent / "command" / FOLDER


@cache
def shipped() -> dict[str, Profile]:
    """The shipped profiles by program; Problems if one is wrong. Not to be changed."""
    problems: list[Problem] = []
    made: dict[str, Profile] = {}
    for path in _files(shipped_folder()):
        merge(made, read(path.read_bytes(), str(path), problems).values(), problems)
    if problems:
        raise Problems(problems, code=Code.POLICY_INVALID)
    return made


@cache
def shipped_digest() -> bytes:
    """SHA-256 over the digests of the shipped files in the order of their names."""
    digests = (hashlib.sha256(path.read_bytes()).digest() for path in _files(shipped_folder()))
    return hashlib.sha256(b"".join(digests)).digest()


def load(directory: Path, problems: list[Problem]) -> dict[str, Profile]:
    """The profiles of the files in a folder, or of one file; adds what is wrong with them to ``problems``."""
    made: dict[str, Profile] = {}
    for path in _files(directory) if directory.is_dir() else [directory]:
        try:
            content = path.read_bytes()
        except OSError as error:
            problems.append(Problem(str(path), 0, "", f"cannot be read: {error.strerror}", code="root.file"))
            continue
        merge(made, read(content, str(path), problems).values(), problems)
    return made


def with_shipped(bundle: Path) -> dict[str, Profile]:
    """The shipped profiles and those of a bundle, if it has a folder of them; Problems if one is wrong or doubled."""
    made, problems = dict(shipped()), list[Problem]()
    if (bundle / FOLDER).is_dir():
        merge(made, load(bundle / FOLDER, problems).values(), problems)
    if problems:
        raise Problems(problems, code=Code.POLICY_INVALID)
    return made


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
