"""Which ``opa`` there is on this machine: on PATH, where Go puts it, or where `jumphost policy engine install` does."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The oldest that is used, and the one that is installed: earlier ones lose denials (`x in {"a", y}`) and accept forged
# signatures of bundles.
VERSION = "1.22.2"
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Binary:
    """A program that says it is OPA."""

    path: Path
    version: str

    @property
    def usable(self) -> bool:
        """Whether its answers are the meaning of a policy."""
        return new_enough(self.version)


def new_enough(version: str) -> bool:
    """Whether a version of OPA is one whose answers are the meaning of a policy."""
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:\+.*)?", version)
    return match is not None and tuple(map(int, match.groups())) >= tuple(map(int, VERSION.split(".")))


def installed(site: Path | None) -> Path:
    """Where `policy engine install` puts it: in a site, or in the user's place for programs' data."""
    if site is not None:
        return site / "bin" / "opa"
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else _home() / ".local/share"
    return base / "jumphost/bin/opa"


def candidates(site: Path | None) -> Iterator[Path]:
    """Files that may be an ``opa``, the most deliberately chosen first."""
    if site is not None:
        yield installed(site)
    yield installed(None)
    if found := shutil.which("opa"):
        yield Path(found)
    yield _home() / "go/bin/opa"


def found(site: Path | None) -> Iterator[Binary]:
    """Every ``opa`` there is, in the order of :func:`candidates`."""
    seen = set()
    for path in candidates(site):
        real = path.resolve()
        if real not in seen and path.is_file() and os.access(path, os.X_OK) and (version := _version(path)):
            yield Binary(path, version)
        seen.add(real)


def chosen(site: Path | None) -> Path | None:
    """The ``opa`` that is used: the first that is new enough, if there is one."""
    return next((one.path for one in found(site) if one.usable), None)


def _version(path: Path) -> str:
    try:
        run = subprocess.run(
            [path, "version"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
            env={},
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    match = re.search(r"^Version: (\S+)$", run.stdout, re.MULTILINE)
    return match[1] if match else ""


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
