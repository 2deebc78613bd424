"""A bundle as files for a managed OPA, in a private folder that lives as long as the server does."""

import fcntl
import json
import os
import re
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from jumphost.errors import Problem
from jumphost.policy.bundle import LIBRARY, SITE
from jumphost.policy.protocol import Bundle

GUARD = "guard"
BUNDLES = (LIBRARY, SITE, GUARD)  # each a folder with roots of its own: OPA itself refuses a module outside them
PREFIX = "jumphost-opa-"  # of private folders
MAX_FOLDER = 80  # bytes of its path: that of a socket in it may have 107 (unix(7))

_FINDING = re.compile(
    r"(?P<outside>manifest roots [^\n]* in module )?'?[^\n :']*?(?P<file>[a-z]+/[0-9]+\.rego)"
    r"(?::(?P<line>[0-9]+): (?P<message>rego_[^\n]*)|')"
)
_ROOTS = {LIBRARY: LIBRARY, SITE: SITE, GUARD: "system/authz"}


class Folder:
    """A private folder (0700) that no other process removes while this one lives."""

    def __init__(self, parent: Path) -> None:
        """Makes it in ``parent``, or in the system's place for temporary files where the path would be too long.

        Folders there whose owner died are removed. OSError if it cannot be made.
        """
        if len(os.fsencode(parent)) > MAX_FOLDER:
            parent = Path(tempfile.gettempdir())
        lock = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # nobody sweeps between the making of a folder and its lock
            _sweep(parent)
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(lock)

    def remove(self) -> None:
        """Removes it with all that is in it; idempotent."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1

    async def removed(self) -> None:
        """As :meth:`remove`, for who closes several things in a row."""
        self.remove()


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{PREFIX}*"):
        try:
            fd = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(fd)


def write(bundle: Bundle, folder: Path) -> dict[str, str]:
    """Writes the bundle, and the guard with it, each part under the bundle's revision.

    Gives for the name of each module there the name that it has in the bundle.
    """
    data = json.loads(bundle.data)
    for name in BUNDLES:
        (folder / name).mkdir(mode=0o700)
        manifest = {"revision": bundle.revision, "roots": [_ROOTS[name]], "rego_version": 1}
        (folder / name / ".manifest").write_text(json.dumps(manifest))
        if name in data:
            (folder / name / "data.json").write_text(json.dumps({name: data[name]}))
    names = {}
    for number, module in enumerate(bundle.modules):
        inner = f"{module.package.split('.')[0]}/{number}.rego"
        (folder / inner).write_bytes(module.text.encode())
        names[inner] = module.path
    guard = files("jumphost.policy.opa").joinpath("guard.rego").read_bytes()
    (folder / GUARD / "guard.rego").write_bytes(guard)
    return names


def findings(said: str, names: dict[str, str]) -> list[Problem]:
    """What OPA says about modules when it refuses to start, about the files they came from."""
    found = []
    for match in _FINDING.finditer(said):
        if match["file"] in names:
            message = (match["message"] or match["outside"]).strip()
            found.append(Problem(names[match["file"]], int(match["line"] or 0), "", message, code="syntax.rego"))
    return found
