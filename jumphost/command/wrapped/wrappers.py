"""Programs that run, on this machine, the program which their operands name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from jumphost.command.opaque import Opaque
from jumphost.command.wrapped.handed import NOTHING, Child, Handed, Readers, hidden, reason
from jumphost.command.wrapped.options import (
    ANY,
    ASSIGNED,
    COUNT,
    SIGNED,
    USER,
    VARIABLE,
    Options,
    UnknownOptionError,
    split,
)
from jumphost.model.request import Assignment, Invocation, Word

EVERYTHING: Final = "*"  # stands for all variables that `env -i` takes away

_PROMPT = re.compile(r".*", re.DOTALL)
_DURATION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?[smhd]?")
_SIGNAL = re.compile(r"[0-9]{1,2}|(?:SIG)?[A-Z][A-Z0-9+-]{1,9}")
_BUFFER = re.compile(r"[0L]|[0-9]{1,9}[KMG]?")
_PRIORITY = re.compile(r"[0-9]{1,2}")
_CPUS = re.compile(r"(?:0x)?[0-9a-fA-F][0-9a-fA-F,-]*(?::[0-9]+)?")
_TRACED = re.compile(r"(?:trace=)?[%a-z0-9_,]+")
_SCHEDULING = re.compile(r"[0-3]|none|realtime|best-effort|idle")


@dataclass(frozen=True, slots=True)
class _Plain:
    """A program of ``[options] [operands that fit ``before``] PROGRAM …``."""

    options: Options
    before: tuple[re.Pattern[str], ...] = ()
    legacy: re.Pattern[str] | None = None  # a first word that is an option of its own form
    starts_shell: bool = False  # without a program it starts a shell

    def __call__(self, invocation: Invocation, _dialect: str) -> Handed:
        words = invocation.argv[1:]
        if self.legacy and words and words[0].k == "literal" and self.legacy.fullmatch(words[0].v):
            words = words[1:]
        operands = split(words, self.options).operands
        before, rest = operands[: len(self.before)], operands[len(self.before) :]
        for word, check in zip(before, self.before, strict=False):
            if word.k == "dynamic" or not check.fullmatch(word.v):
                raise UnknownOptionError(word if word.k == "dynamic" else None)
        if not rest:
            return hidden(Opaque.INTERACTIVE_SHELL) if self.starts_shell else NOTHING
        return Handed(children=(Child(words=tuple(rest)),))


def _env(invocation: Invocation, _dialect: str) -> Handed:
    """``env -S`` splits a word into options, variables and a program by rules of its own."""
    found = split(invocation.argv[1:], _ENV)
    if found.has("-S", "--split-string"):
        return hidden(Opaque.ENV_SPLIT)
    operands, empty = found.operands, found.has("-i", "--ignore-environment")
    if operands and operands[0].v == "-":
        operands, empty = operands[1:], True
    env, rest = _assignments(operands)
    taken = [EVERYTHING] if empty else found.values("-u", "--unset")
    if not rest:
        return NOTHING
    return Handed(children=(Child(words=tuple(rest), env=env),), given=(*_pairs(env), *((name, "") for name in taken)))


def _sudo(invocation: Invocation, _dialect: str) -> Handed:
    """No option that changes more than the user: the document could not say it."""
    found = split(invocation.argv[1:], _SUDO)
    if found.has(*_SUDO_QUERIES):
        return NOTHING if not found.operands or found.has("-l", "--list") else hidden(reason("sudo"))
    user = found.last("-u", "--user") or "root"
    privilege = (f"sudo:{user}",)
    env, rest = _assignments(found.operands)
    if env and found.ended:
        return hidden(reason("sudo"))  # after -- a variable is a program
    login = found.has("-i", "--login")
    if not rest or found.has("-s", "--shell"):
        starts = (Opaque.RCFILE,) if login else ()
        return Handed(opaque=(*starts, Opaque.INTERACTIVE_SHELL), whole=False, privilege=privilege)
    return Handed(
        children=(Child(words=tuple(rest), run_as=user, env=env),),
        opaque=(Opaque.RCFILE,) if login else (),
        given=tuple(_pairs(env)),
        privilege=privilege,
    )


def _doas(invocation: Invocation, _dialect: str) -> Handed:
    found = split(invocation.argv[1:], _DOAS)
    user = found.last("-u") or "root"
    if not found.operands or found.has("-s"):
        return Handed(opaque=(Opaque.INTERACTIVE_SHELL,), whole=False, privilege=(f"doas:{user}",))
    return Handed(children=(Child(words=tuple(found.operands), run_as=user),), privilege=(f"doas:{user}",))


def _command(invocation: Invocation, _dialect: str) -> Handed:
    """``command -v`` is a question."""
    found = split(invocation.argv[1:], _COMMAND)
    if not found.operands or found.has("-v", "-V"):
        return NOTHING
    return Handed(children=(Child(words=tuple(found.operands), in_shell=True),))


def _builtin(invocation: Invocation, dialect: str) -> Handed:
    """A builtin of bash; dash looks for a program of that name."""
    words = split(invocation.argv[1:], Options()).operands
    if dialect != "bash":
        return hidden(reason("builtin"))
    return Handed(children=(Child(words=tuple(words), in_shell=True),)) if words else NOTHING


def _exec(invocation: Invocation, _dialect: str) -> Handed:
    """Without options: those of bash are words to dash. Without operands only its redirections count."""
    words = invocation.argv[1:]
    if not words:
        return hidden(reason("exec"))
    if words[0].k == "literal" and words[0].v.startswith("-"):
        return hidden(reason("exec"))
    return Handed(children=(Child(words=words, in_shell=True),))  # builtins too: zsh runs them


def _applet(invocation: Invocation, _dialect: str) -> Handed:
    """What busybox or toybox calls itself; their ``--list`` and ``--install`` are no applets."""
    words = split(invocation.argv[1:], Options()).operands
    return Handed(children=(Child(words=tuple(words)),)) if words else NOTHING


def _assignments(words: list[Word]) -> tuple[tuple[Assignment, ...], list[Word]]:
    """The leading ``NAME=value``, and the rest; UnknownOptionError for a name that is none of a variable."""
    env: list[Assignment] = []
    for at, word in enumerate(words):
        found = ASSIGNED.fullmatch(word.v) if word.k == "literal" else None
        if found is None:
            if "=" in word.v:
                raise UnknownOptionError
            return tuple(env), words[at:]
        env.append(Assignment(name=found[1], value=Word(v=found[2])))
    return tuple(env), []


def _pairs(env: tuple[Assignment, ...]) -> Iterator[tuple[str, str | None]]:
    return ((one.name, one.value.v) for one in env)


_ENV: Final = Options.of(
    "-i -v --ignore-environment --debug",
    {"-u --unset": VARIABLE, "-C --chdir": ANY, "-S --split-string": ANY},
)
_SUDO_QUERIES: Final = ("-l", "--list", "-v", "--validate", "-V", "--version", "-K", "--remove-timestamp")
_SUDO: Final = Options.of(
    f"-n -E -H -P -S -k -i -s --non-interactive --preserve-env --set-home --preserve-groups --stdin --reset-timestamp "
    f"--login --shell {' '.join(_SUDO_QUERIES)}",
    {"-u --user": USER, "-p --prompt": _PROMPT, "-T --command-timeout": _DURATION},
)
_DOAS: Final = Options.of("-n -s", {"-u": USER})
_COMMAND: Final = Options.of("-p -v -V")

READERS: Final[Readers] = {
    "env": _env,
    "sudo": _sudo,
    "doas": _doas,
    "command": _command,
    "builtin": _builtin,
    "exec": _exec,
    "busybox": _applet,
    "toybox": _applet,
    "nohup": _Plain(Options()),
    "nice": _Plain(Options.of("", {"-n --adjustment": SIGNED}), legacy=re.compile(r"-[0-9]{1,2}")),
    "ionice": _Plain(Options.of("-t --ignore", {"-c --class": _SCHEDULING, "-n --classdata": COUNT})),
    "timeout": _Plain(
        Options.of(
            "-v --verbose --foreground --preserve-status",
            {"-s --signal": _SIGNAL, "-k --kill-after": _DURATION},
        ),
        before=(_DURATION,),
    ),
    "stdbuf": _Plain(Options.of("", {"-i -o -e --input --output --error": _BUFFER})),
    "setsid": _Plain(Options.of("-w --wait")),
    "chrt": _Plain(
        Options.of("-b -f -i -o -r -v --batch --fifo --idle --other --rr --verbose"),
        before=(_PRIORITY,),
    ),
    "taskset": _Plain(Options.of("-c --cpu-list"), before=(_CPUS,)),
    "time": _Plain(Options.of("-p -v -q --portability --verbose --quiet", {"-f --format": ANY})),
    "strace": _Plain(Options.of("-f -c -C -q -t -T -r -v -i -y", {"-s": COUNT, "-e": _TRACED})),
    "unshare": _Plain(
        Options.of("-m -u -i -n -p -U -C -T -f --mount --uts --ipc --net --pid --user --cgroup --time --fork"),
        starts_shell=True,
    ),
}
"""Read beside ``--help`` and the manuals of coreutils 9.1, util-linux 2.38.1, sudo 1.9.13p3, opendoas 6.8.2, GNU time
1.9, strace 6.1 and busybox 1.35. Left out: what writes a file, what runs in the background, and what changes who runs
or where in a way that the document has no place for."""

ALWAYS: Final = frozenset(
    {
        *("bwrap", "capsh", "catchsegv", "cgexec", "choom", "chpst", "chroot", "cpulimit", "daemonize", "dbus-launch"),
        *("dbus-run-session", "dumb-init", "eatmydata", "entr", "envdir", "faketime", "fakechroot", "fakeroot"),
        *("firejail", "gosu", "i386", "linux32", "linux64", "lxc-attach", "lxc-execute", "machinectl", "newgrp"),
        *("nsenter", "numactl", "perf", "pkexec", "prlimit", "proot", "rlwrap", "run-parts", "runcon", "schroot"),
        *("setarch", "setpriv", "setuidgid", "sg", "softlimit", "ssh-agent", "start-stop-daemon", "su-exec"),
        *("sudoedit", "systemd-inhibit", "systemd-nspawn", "systemd-run", "tini", "trickle", "uclampset", "unbuffer"),
        *("uname26", "valgrind", "ltrace", "x86_64", "xvfb-run"),
    }
)
"""Programs that run another one, in ways that are not read here."""

LOADER: Final = re.compile(r"ld(?:-linux[a-z0-9_-]*|-musl-[a-z0-9_]+|-[0-9.]+)?\.so(?:\.[0-9]+)?|ld64\.so(?:\.[0-9]+)?")
"""The name of the dynamic loader, which runs any file."""
