"""The files beside the YAML: which CAs they hold, and who may read them."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from jumphost.config.bind import Check
from jumphost.config.issuers import is_url
from jumphost.config.site import Site
from jumphost.errors import Problem
from jumphost.sshkey import PublicKey, read_line

T = TypeVar("T")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NEEDED = ("host_key", "checkpoint_key", "requests_key", "caller_ca.pub", "target_ca.pub")


def caller_ca(site: Site) -> Check:
    """The check of one ``ca:`` after another: plain public keys, not the target CA, and no CA under two names."""
    seen: set[bytes] = set()
    try:
        targets = {key.blob for key in read_publics(site.keys / "target_ca.pub")}
    except ValueError:
        targets = set()

    def look(value: str) -> Iterator[str]:
        path = site.resolve(value)
        try:
            found = {key.blob for key in read_publics(path)}
        except ValueError as error:
            yield str(error)
            return
        if found & targets:
            yield f"got the target CA in {path}, expected another: callers and targets never share a CA"
        if found & seen:
            yield f"got the CA of another caller in {path}, expected each CA under one name"
        seen.update(found)

    return look


def read_public(path: Path) -> PublicKey:
    """The key of a .pub file; ValueError says what the file is instead."""
    return _read(path, read_line)


def read_publics(path: Path) -> list[PublicKey]:
    """The keys of a file that has one a line, and at least one: a CA, and while it is changed another; ValueError."""
    return _read(path, lambda text: [read_line(line) for line in text.splitlines() if line.strip()] or [read_line("")])


def _read(path: Path, read: Callable[[str], T]) -> T:
    try:
        return read(path.read_text())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"got no text in {path}, expected a public key") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def bundle(site: Site) -> Check:
    """The check of ``policy.bundle``: a folder; what is in it the policy part looks at."""

    def look(value: str) -> Iterator[str]:
        if not site.resolve(value).is_dir():
            yield f"got {value!r}, expected a folder: there is none at {site.resolve(value)}"

    return look


def present(site: Site) -> Check:
    """The check of a file that must be there; where we may not look, it is not ours (but the signer's or gateway's)."""

    def look(value: str) -> Iterator[str]:
        try:
            found = site.resolve(value).is_file()
        except PermissionError:
            return
        if not found:
            yield f"got {value!r}, expected a file: there is none at {site.resolve(value)}"

    return look


def keys(site: Site) -> Check:
    """The check of ``jwks``: a file that must be there, or a URL."""

    def look(value: str) -> Iterator[str]:
        if not is_url(value):
            yield from present(site)(value)

    return look


def secret(site: Site) -> Check:
    """The check of a file that nobody else may read."""

    def look(value: str) -> Iterator[str]:
        yield from present(site)(value)
        yield from closed(site)(value)

    return look


def closed(site: Site) -> Check:
    """The check of a file that nobody else may read, once it is there."""

    def look(value: str) -> Iterator[str]:
        yield from (problem.message for problem in _open(site.resolve(value)))

    return look


def modes(site: Site) -> list[Problem]:
    """What others may read or write of the keys of gateway and signer; a folder we may not look into is not ours."""
    return [problem for folder in (site.keys, site.signer) for path in _within(folder) for problem in _open(path)]


def missing(site: Site) -> list[Problem]:
    """The keys that a gateway needs and does not find, or may not look at."""
    return [problem for name in _NEEDED for problem in _absent(site.keys / name)]


def _absent(path: Path) -> Iterator[Problem]:
    try:
        path.stat()
    except FileNotFoundError:
        message = "got no such file, expected it: `jumphost init` makes it"
        yield Problem(str(path), 0, "", message, code="site.file")
    except OSError as error:
        yield Problem(str(path), 0, "", f"cannot be read: {error.strerror}", code="site.file")


def _within(folder: Path) -> list[Path]:
    try:
        return [folder, *sorted(folder.iterdir())]
    except OSError:
        return []


def _open(path: Path) -> Iterator[Problem]:
    try:
        status = path.stat()
    except OSError:  # gone meanwhile, or a link to nothing
        return
    mode = stat.S_IMODE(status.st_mode)
    if mode & (_OTHERS_WRITE if path.suffix == ".pub" else _OTHERS):
        wanted = "0700" if stat.S_ISDIR(status.st_mode) else "0600"
        fix = f"chmod {wanted} {path}"
        yield Problem(str(path), 0, "", f"got mode {mode:04o}, expected {wanted}: `{fix}`", code="site.mode", fix=fix)
