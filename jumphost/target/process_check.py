"""Proves that the sandbox of a target of kind process holds: a script looks around in it, and says what it saw."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from jumphost.clock import SystemClock, new_id
from jumphost.command import forced
from jumphost.command.canonical import quote
from jumphost.errors import JumphostError
from jumphost.model.target import Target
from jumphost.target import sandbox
from jumphost.target.base import Order
from jumphost.target.check import Finding
from jumphost.target.process import launch
from jumphost.target.report import Report, facts

MAX_REPORT: Final = 65_536  # bytes
LOOK_S: Final = 30.0

_PRIVATE = ("/etc/shadow", "/etc/ssh", "/etc/ssl/private", "/root", "/run", "/sys", "/var")
_LOOK = """echo jumphost-check=1
echo "uid=$(id -u)"
while read -r name value; do case $name in
  NoNewPrivs:) echo "privileges=$value" ;; CapBnd:) echo "capabilities=$value" ;; Seccomp:) echo "filter=$value" ;;
esac; done </proc/self/status
line() { tr "\\n" " " | sed "s/ $//"; }
echo "processes=$(tr "\\0" "\\n" </proc/1/cmdline | grep -cx "jumphost:$JUMPHOST_REQUEST")"
echo "network=$(sed -n "s/^ *\\([^:]*\\):.*/\\1/p" /proc/net/dev | line)"
echo "private=$(ls -d @PRIVATE@ 2>/dev/null | line)"
echo "written=$(for path in / /etc /usr /dev; do touch $path/jumphost-check 2>/dev/null && echo $path; done | line)"
echo "tmp=$(for path in "$HOME" /tmp /dev/shm; do touch $path/check 2>/dev/null || echo $path; done | line)"
echo "namespaces=$(unshare -U true 2>/dev/null && echo yes)"
echo "unread=$(for path in @READ@; do [ -r "$path" ] || echo "$path"; done | line)"
echo "sees=$(ls -d /* | line)"
echo end=1"""


async def trial(target: Target, site: Path) -> None:
    """Runs nothing in the target's sandbox; Unavailable (target.unreachable) if it cannot be made."""
    end, _ = await _run(target, target.logins[0], ":", site)
    if end:
        raise sandbox.unfit("a command that does nothing fails in it", f"status {end}")


async def check(target: Target, site: Path) -> list[Finding]:
    """What a command of each login of ``target`` sees and may do."""
    script = _script(target, site)
    return [finding for login in target.logins for finding in await _login(target, login, script, site)]


def _script(target: Target, site: Path) -> str:
    hidden = " ".join(map(quote, (*_PRIVATE, str(site))))
    readable = " ".join(map(quote, target.sandbox.read)) or '""'
    return _LOOK.replace("@PRIVATE@", hidden).replace("@READ@", readable)


async def _login(target: Target, login: str, script: str, site: Path) -> list[Finding]:
    try:
        end, text = await _run(target, login, script, site)
    except JumphostError as error:
        return [_finding("sandbox", login, f"{error} ({error.detail})", "made", "do what it says", ok=False)]
    found = facts(text)
    if end or found.get("jumphost-check") != "1" or found.get("end") != "1":
        got = f"{len(found)} of its lines, status {end}"
        fix = "raise what the target's sandbox allows: the script is as small as commands are"
        return [_finding("sandbox", login, got, "the check script run to its end", fix, ok=False)]
    return [*judged(found, login), _finding("sees", login, found.get("sees", ""), "what it needs", "")]


def judged(found: Mapping[str, str], login: str) -> list[Finding]:
    """What the facts of the script mean."""
    ours = "this is a fault of jumphost or bwrap, and nothing should run there: report it"
    nothing: Callable[[str], bool] = lambda got: not got  # noqa: E731
    tests: list[tuple[str, str, Callable[[str], bool], str, str]] = [
        ("uid", "uid", lambda got: got == str(sandbox.UID), f"{sandbox.UID} within", ours),
        ("no new privileges", "privileges", lambda got: got == "1", "1", ours),
        ("capabilities", "capabilities", lambda got: got.strip("0") == "", "none", ours),
        ("system call filter", "filter", lambda got: got == "2", "2", ours),
        ("own processes only", "processes", lambda got: got == "1", "its own first process", ours),
        ("own network only", "network", lambda got: got == "lo", "lo", ours),
        ("nothing private", "private", nothing, "none of what is the host's or the site's", ours),
        ("nothing written", "written", nothing, "no place but its own", ours),
        ("own places", "tmp", nothing, "home, /tmp and /dev/shm can be written", ours),
        ("no namespaces", "namespaces", nothing, "none can be made", ours),
        ("sandbox.read", "unread", nothing, "all of it", "let every uid read it, or take it off the list"),
    ]
    return [
        _finding(name, login, found.get(key, "?"), expected, fix, ok=right(found.get(key, "?")))
        for name, key, right, expected, fix in tests
    ]


def _finding(name: str, login: str, got: str, expected: str, fix: str, *, ok: bool = True) -> Finding:
    return Finding(name=name, login=login, ok=ok, got=got or "none", expected=expected, fix="" if ok else fix)


async def _run(target: Target, login: str, text: str, site: Path) -> tuple[int, str]:
    """How a script of ours ends in the target's sandbox, and what it says."""
    request, report = new_id(SystemClock()), Report(MAX_REPORT)
    line = forced.pinned(text, request=request, env={}, shell=target.shell, timeout_s=None)
    process = await launch(Order(request=request, target=target, login=login, line=line), report, site)
    try:
        process.write_eof()
        async with asyncio.timeout(LOOK_S):
            end = await process.wait()
    except TimeoutError:
        raise sandbox.unfit("a script in it does not end", f"{LOOK_S:.0f} s") from None
    finally:
        await process.close()
    return end.status, report.text
