"""What a program really touches: strace as a witness."""

import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STRACE: Final = shutil.which("strace")
PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"

_CHANGES: Final = frozenset(
    {
        *("unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "link", "linkat"),
        *("symlink", "symlinkat", "truncate", "chmod", "fchmodat", "chown", "fchownat", "lchown", "utimensat"),
        *("mknod", "mknodat"),
    }
)
_NAMES_LAST: Final = frozenset({"link", "linkat", "symlink", "symlinkat"})  # what they make; the other is only named
_OPENS: Final = frozenset({"open", "openat", "creat"})
_WATCHED: Final = ",".join(sorted(_CHANGES | _OPENS | {"execve", "connect", "chdir"}))
_CALL = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+)")
_NAME = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')  # behind the directory it is relative to
_FOR_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")


@dataclass(frozen=True, slots=True)
class Touched:
    """Paths as they were given to the kernel, made absolute and normal, whether or not it took them."""

    read: frozenset[str]
    written: frozenset[str]
    ran: frozenset[str]  # programs that it started
    asked: bool  # something of the network
    stdin: bool  # it read what it was handed


def touched(argv: Sequence[str], folder: Path, stdin: Path, environ: Mapping[str, str] | None = None) -> Touched:
    """What a call touches in ``folder`` as its current directory; it is ended after three seconds.

    LookupError if strace is not installed.
    """
    if STRACE is None:
        raise LookupError("strace is not installed: apt-get install strace")
    log = folder.parent / "strace"
    limited = ("timeout", "--signal=KILL", "3")
    with stdin.open("rb", buffering=0) as source:
        subprocess.run(
            [*limited, STRACE, "-f", "-qqy", "-s", "4096", "-o", str(log), "-e", f"trace={_WATCHED}", *argv],
            cwd=folder,
            stdin=source,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", **(environ or {})},
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        taken = os.lseek(source.fileno(), 0, os.SEEK_CUR) > 0  # the child shares the offset
    return _read(log.read_text(errors="replace"), str(folder), taken)


def _read(log: str, folder: str, stdin: bool) -> Touched:
    read, written, ran = set(), set(), []
    asked = False
    for name, rest, names, result in _calls(log):
        if name == "execve":
            ran += [posixpath.basename(names[0][1])] if result == 0 else []
        elif name == "connect":
            asked = asked or "AF_INET" in rest
        elif name == "chdir":
            folder = posixpath.join(folder, names[0][1])
        else:
            made = names[-1:] if name in _NAMES_LAST else names
            paths = {posixpath.normpath(posixpath.join(beside or folder, path)) for beside, path in made}
            if name in _CHANGES or name == "creat" or _FOR_WRITING.search(rest):
                written |= paths
            else:
                read |= paths
    return Touched(frozenset(read), frozenset(written), frozenset(ran[1:]), asked, stdin)


def _calls(log: str) -> Iterator[tuple[str, str, list[tuple[str, str]], int]]:
    """The name of each call, its arguments, the names in them with the directories they are relative to, its result."""
    for line in log.splitlines():
        if found := _CALL.match(line):
            name, rest, result = found.groups()
            names = [(beside, text.encode().decode("unicode_escape")) for beside, text in _NAME.findall(rest)]
            yield name, rest, names, int(result)
