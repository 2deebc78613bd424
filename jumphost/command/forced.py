"""The strings that a target runs: each is the force-command of one target certificate, so they are built here only.

A string is read by the login shell of the target, whichever of sh, dash, bash, ksh or zsh that is, and at once replaces
it by a shell of our choice with an environment of our choice. It stands in the target's sshd log: no secret in it.
"""

import re
from collections.abc import Mapping
from typing import Final

from jumphost.command import leased
from jumphost.command.canonical import quote
from jumphost.model.target import Shell

MAX_BYTES: Final = (
    120_000  # of a pinned string; measured: 131,000 loses the connection (Linux MAX_ARG_STRLEN is 131,072)
)
BACKSTOP_SLACK_S: Final = 5  # the gateway cuts at the limit, by a stop login; what rides in the string only comes after
KILL_AFTER_S: Final = 5
PATH: Final = "/usr/local/bin:/usr/bin:/bin"
SIGNALS: Final = frozenset({"HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "USR2"})

_ENVIRONMENT = f"PATH={PATH} LC_ALL=C.UTF-8"
_LOGIN = 'HOME="$HOME" USER="$USER" LOGNAME="$LOGNAME"'
# bash reads ~/.bashrc when standard input is a socket, as it is under sshd: --norc; sh never does
_SHELLS: Mapping[Shell, str] = {"sh": "/bin/sh -c", "bash": "/bin/bash --norc --noprofile -c"}
_REQUEST = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIXED = frozenset({"HOME", "USER", "LOGNAME", "PATH", "LC_ALL"})
_SHELL_READS = frozenset({"BASH_ENV", "BASHOPTS", "CDPATH", "ENV", "GLOBIGNORE", "IFS", "PS4", "SHELLOPTS", "ZDOTDIR"})


def grantable(name: str) -> bool:
    """Whether a policy may grant the environment variable: not one we set, nor one that changes what a text means."""
    return (
        _NAME.fullmatch(name) is not None
        and name not in _FIXED | _SHELL_READS
        and not name.startswith(("JUMPHOST_", "LD_"))
    )


def pinned(text: str, *, request: str, env: Mapping[str, str], shell: Shell, timeout_s: int | None) -> str:
    """The string that runs ``text`` and nothing else: ``env`` is what the decision granted, ``timeout_s`` its limit.

    ValueError if ``request`` is no UUID, a name is neither grantable nor its lease's, something holds a NUL, or it is
    over MAX_BYTES.
    """
    told = leased.secret_file(request)
    if refused := [name for name in env if not grantable(name) and env[name] != told.get(name)]:
        raise ValueError(f"got the environment names {refused}, expected names that a policy may grant")
    words = ["exec /usr/bin/env -i", _LOGIN, _ENVIRONMENT, _mark(request)]
    words += [f"{name}={quote(env[name], program=True)}" for name in sorted(env)]
    if timeout_s is not None:
        words.append(f"/usr/bin/timeout -k {KILL_AFTER_S} {timeout_s + BACKSTOP_SLACK_S:d}")
    line = " ".join([*words, _SHELLS[shell], quote(text, program=True)])
    if "\0" in line:
        raise ValueError("got a NUL, expected text that can be an argument")
    if (size := len(line.encode())) > MAX_BYTES:
        raise ValueError(f"got {size} bytes with quotes, expected at most {MAX_BYTES}")
    return line


def stop(request: str) -> str:
    """The string that ends every process of the request: TERM, 0.4 s later KILL, until two looks find none.

    The socket of its lease, which sshd leaves behind, and the file go after them. Exit status 0: none is left; 1: the
    process ids on stdout are; 3: the target lacks what it takes to tell. A process whose environment no longer holds
    the mark, or of another uid, is not seen. ValueError as ``pinned``.
    """
    script = _STOP.replace("MARK", _mark(request))
    return _script(script.replace("SOCKET", leased.socket(request)).replace("FOLDER", leased.folder(request)))


def deliver(request: str) -> str:
    """The string that puts standard input into the file of the request's lease; status 0: it is there, and was not.

    ValueError as ``pinned``.
    """
    _mark(request)
    return _script(f"umask 077; mkdir {leased.folder(request)} && cat >{leased.file(request)}")


def signal(request: str, name: str) -> str:
    """The string that sends a signal (without SIG) to every process of the request; status 1 if there is none.

    ValueError if ``name`` is none of SIGNALS, or as ``pinned``.
    """
    if name not in SIGNALS:
        raise ValueError(f"got the signal {name!r}, expected one of {', '.join(sorted(SIGNALS))}")
    return _script(_SIGNAL.replace("MARK", _mark(request)).replace("NAME", name))


def check() -> str:
    """The string that prints, as ``KEY=VALUE`` lines, what ``target check`` wants to know of a target."""
    return f"exec /usr/bin/env -i {_LOGIN} {_ENVIRONMENT} {_PROBES} /bin/sh -c {quote(_CHECK, program=True)}"


def _mark(request: str) -> str:
    if _REQUEST.fullmatch(request) is None:
        raise ValueError(f"got the request {request!r}, expected a UUID in lower case")
    return f"JUMPHOST_REQUEST={request}"


def _script(text: str) -> str:
    return f"exec /usr/bin/env -i {_ENVIRONMENT} /bin/sh -c {quote(text, program=True)}"


# grep says 2 where it may not read a process of another uid: its output counts, never its status. A process in the
# middle of execve shows an empty environment for a moment: hence two looks. No single quotes: they would be escaped.
_LOOK = """look() { grep -lzxsF MARK /proc/[0-9]*/environ | cut -d / -f 3; }
can() { grep -qzxsF "PATH=$PATH" /proc/$$/environ; }
can || exit 3
"""
_STOP = (
    _LOOK
    + """clean=0 round=0
while [ $clean -lt 2 ]; do
  pids=$(look)
  if [ -z "$pids" ]; then clean=$((clean + 1)); else
    clean=0 round=$((round + 1))
    if [ $round -eq 1 ]; then kill -s TERM $pids; elif [ $round -gt 200 ]; then echo $pids; exit 1
    elif [ $round -gt 20 ]; then kill -s KILL $pids; fi 2>/dev/null
  fi
  sleep 0.02
done
rm -f SOCKET 2>/dev/null || :
rm -rf FOLDER"""
)
_SIGNAL = _LOOK + 'pids=$(look)\n[ -n "$pids" ] || exit 1\nkill -s NAME $pids'

_PROBES = (  # what only the login shell can tell, before it is replaced
    'LOGIN_SHELL="$SHELL" LOGIN_SHLVL="$SHLVL" LOGIN_ZDOTDIR="$ZDOTDIR" '
    'LOGIN_LOADER="$LD_PRELOAD$LD_AUDIT$LD_LIBRARY_PATH" LOGIN_EXEC="$(type exec 2>&1)"'
)
_CHECK = """echo jumphost-check=1
echo "shell=$LOGIN_SHELL"
echo "shlvl=$LOGIN_SHLVL"
echo "zdotdir=$LOGIN_ZDOTDIR"
echo "loader=$LOGIN_LOADER"
echo "exec=$LOGIN_EXEC" | head -n 1
echo "uid=$(id -u)"
echo "login=$(id -un)"
echo "path=$PATH"
grep -qzxsF "PATH=$PATH" /proc/$$/environ && echo stop=yes
[ "$(/usr/bin/timeout -k 5 5 echo yes)" = yes ] && echo timeout=yes
[ -x /bin/bash ] && echo bash=yes
sleep 0.01 && echo sleep=yes
echo end=1"""
