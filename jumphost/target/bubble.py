"""Starts bwrap, and knows how the sandbox that it makes begins and ends."""

import asyncio
import itertools
import json
import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final, Literal

from jumphost import child
from jumphost.target import sandbox
from jumphost.target.sandbox import Words

SETPRIV: Final = "/usr/bin/setpriv"  # of util-linux
MAX_SAID: Final = 4096  # bytes of what bwrap says that are kept
PATH: Final = "/usr/local/bin:/usr/bin:/bin"

# As root each command has one of these uids outside its sandbox, in turn; systemd leaves them free
# (https://systemd.io/UIDS-GIDS). None of them owns anything, and who shares one sees nothing of the other.
FIRST_UID: Final = 60_800
UIDS: Final = 256

INSTALL: Final = "install bubblewrap 0.8 or later, and util-linux: `apt-get install bubblewrap util-linux`"
ALLOW: Final = (
    "let this uid make user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian), an AppArmor profile for "
    "bwrap or kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), user.max_user_namespaces above 0; in a "
    "container, a seccomp profile that has unshare and mount, and a /proc that is not masked"
)

_uids = itertools.cycle(range(FIRST_UID, FIRST_UID + UIDS))


def program() -> str:
    """Where bwrap is; Unavailable (target.unreachable) if it, or a program that runs before or within, is missing."""
    found = shutil.which("bwrap", path=PATH)
    missing = [path for path in (sandbox.PRLIMIT, SETPRIV) if not Path(path).exists()]
    if found is None or missing:
        raise sandbox.unfit("a program is missing", f"got no {missing[0] if missing else 'bwrap'}: {INSTALL}")
    return found


class Bubble:
    """A bwrap that was started, with our ends of its pipes; none of them blocks."""

    def __init__(self, bwrap: str, words: Words) -> None:
        """Starts it; OSError if it cannot be."""
        lower = _lowered(words.own) if os.geteuid() == 0 else ()
        self._said: dict[str, int] = {}
        with ExitStack() as theirs:
            stdin, self.stdin = _pipe("wb", theirs)
            stdout, self.stdout = _pipe("rb", theirs)
            stderr, self.stderr = _pipe("rb", theirs)
            status, self._status = _pipe("rb", theirs)
            given = [status]

            def memory(content: bytes) -> str:
                descriptor = child.sealed(content, "jumphost")
                theirs.callback(os.close, descriptor)
                os.lseek(descriptor, 0, os.SEEK_SET)
                given.append(descriptor)
                return str(descriptor)

            files = [word for path, text in words.files.items() for word in ("--ro-bind-data", memory(text), path)]
            hidden, seccomp = memory(words.hidden), memory(words.filter)
            arguments = [*lower, bwrap, *files, "--args", hidden, "--seccomp", seccomp]
            arguments += ["--json-status-fd", str(status), "--", *words.command]
            try:
                self._child = child.Process(arguments, fds=given, stdin=stdin, output=stdout, errors=stderr)
            except BaseException:
                self.close()
                raise

    async def begun(self) -> int:
        """Returns once the command is about to run: the process id of the sandbox's first process.

        Unavailable (target.unreachable) if bwrap ends instead, with what it said.
        """
        await _readable(self.stdout)
        if self.stdout.read(len(sandbox.BEGUN)) != sandbox.BEGUN:
            await self._child.wait()
            said = (self.stderr.read(MAX_SAID) or b"").decode(errors="replace").strip()
            raise sandbox.unfit("bwrap did not make it", f"{said or 'it said nothing'}: {ALLOW}")
        if (first := self._told().get("child-pid")) is None:
            raise sandbox.unfit("bwrap did not say what it made", "no child-pid")
        return first

    async def ended(self) -> int | None:
        """The exit status once bwrap has ended; None if it did not see the command end."""
        await self._child.wait()
        return self._told().get("exit-code")

    @property
    def over(self) -> bool:
        """Whether bwrap has ended."""
        return self._child.ended

    def close(self) -> None:
        """Closes what nobody else has taken over; idempotent."""
        for file in (self.stdin, self.stdout, self.stderr, self._status):
            file.close()

    def _told(self) -> dict[str, int]:
        """What bwrap has told of itself until now: lines of JSON."""
        told = b"" if self._status.closed else self._status.read(MAX_SAID) or b""
        for line in told.splitlines():
            self._said |= json.loads(line)
        return self._said


def _lowered(own: str) -> tuple[str, ...]:
    """Words that start what follows them as the next uid, to which ``own`` is given.

    A program does it, as :mod:`subprocess` would have to copy all of our page tables first: tens of milliseconds.
    """
    uid = next(_uids)
    if own:
        os.chown(own, uid, uid, follow_symlinks=False)
    return SETPRIV, f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"


def _pipe(mode: Literal["rb", "wb"], theirs: ExitStack) -> tuple[int, IO[bytes]]:
    """A pipe: the child's end, which ``theirs`` closes, and ours, which is for reading or writing."""
    reading, writing = os.pipe()
    mine, other = (reading, writing) if mode == "rb" else (writing, reading)
    theirs.callback(os.close, other)
    os.set_blocking(mine, False)
    return other, os.fdopen(mine, mode, buffering=0)


async def _readable(file: IO[bytes]) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(file, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(file)
