"""The same commands by plain ``ssh`` and through the gateway, on the same server: every byte and every status alike.

What differs by design stands in one table at the end, each with its reason.
"""

import asyncio
import hashlib
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any, TypeVar

import asyncssh
import pytest

from jumphost.testing.lab import PLAIN, SCRIPT, Plain, master, plain
from jumphost.testing.site import LiveSite
from jumphost.testing.sshd import find_sshd, may_have_logins

T = TypeVar("T")
MB = 1_000_000
STREAM = {"JUMPHOST_PURPOSE": "stream"}
Told = tuple[int, bytes, bytes]  # status, stdout, stderr


@dataclass(frozen=True, slots=True)
class Ways:
    """Two ways to one server: the words of ``ssh`` up to the command, and how asyncssh logs in."""

    straight: tuple[str, ...]
    gateway: tuple[str, ...]
    logins: tuple[Mapping[str, Any], Mapping[str, Any]]

    def tell(self, command: str | bytes, *options: str, stdin: bytes | Path | None = b"") -> tuple[Told, Told]:
        """How the command ends, straight and through the gateway; ``stdin`` None is /dev/null."""
        with ThreadPoolExecutor(2) as both:
            first, second = both.map(
                lambda way: _run([*way[:-1], *options, way[-1], command], stdin), (self.straight, self.gateway)
            )
        return first, second

    def agree(self, command: str | bytes, *options: str, stdin: bytes | Path | None = b"") -> Told:
        """What both ways tell; AssertionError if that is not one thing."""
        straight, gateway = self.tell(command, *options, stdin=stdin)
        assert gateway == straight
        return gateway

    async def agree_talking(self, talk: Callable[[asyncssh.SSHClientConnection], Awaitable[T]]) -> T:
        """What ``talk`` finds on a connection of asyncssh by either way; AssertionError if that is not one thing."""

        async def told(login: Mapping[str, Any]) -> T:
            async with asyncio.timeout(60), asyncssh.connect("127.0.0.1", **login) as connection:
                return await talk(connection)

        straight, gateway = await asyncio.gather(*map(told, self.logins))
        assert gateway == straight
        return gateway


def _run(words: list[str | bytes], stdin: bytes | Path | None) -> Told:
    if isinstance(stdin, Path):
        with stdin.open("rb") as file:
            done = subprocess.run(words, stdin=file, capture_output=True, timeout=90)
    elif stdin is None:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=90)
    else:
        done = subprocess.run(words, input=stdin, capture_output=True, timeout=90)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="session")
def past(lab: LiveSite) -> Plain:
    if find_sshd() is None or not may_have_logins():
        pytest.skip("needs an sshd, and root that may mount: tests/install-servers")
    return plain(lab)


@pytest.fixture(scope="module")
def ways(lab: LiveSite, past: Plain, deploy: Path) -> Ways:
    common: dict[str, Any] = {"known_hosts": None, "config": None, "agent_path": None, "encoding": None}
    return Ways(
        straight=tuple(past.words),
        gateway=tuple(lab.ssh_words(deploy, "batch-host", env=STREAM)),
        logins=(
            {**common, "port": past.port, "username": PLAIN, "client_keys": [str(past.key)]},
            {**common, "port": lab.port, "username": "batch-host", "client_keys": [str(deploy)], "env": STREAM},
        ),
    )


def sh(script: str) -> str:
    return f"{SCRIPT} '{script}'"


# ── how it ends ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "status", [0, 1, 2, 3, 42, 64, 65, 69, 75, 76, 77, 100, 124, 125, 126, 127, 128, 129, 137, 254, 255]
)
def test_status(ways: Ways, status: int) -> None:
    assert ways.agree(sh(f"exit {status}")) == (status, b"", b"")


def test_status_is_eight_bits(ways: Ways) -> None:
    assert ways.agree(sh("(exit 300)"))[0] == 44


SIGNALS = ["HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "PIPE", "SEGV", "ABRT"]


@pytest.mark.parametrize("name", SIGNALS)
def test_program_that_dies_by_a_signal(ways: Ways, name: str) -> None:
    """The shell that started it says so by its status."""
    status, out, _ = ways.agree(sh(f"echo said; ulimit -c 0; kill -{name} $$"))
    assert (status, out) == (128 + Signals[f"SIG{name}"], b"said\n")


@pytest.mark.parametrize("name", SIGNALS)
async def test_command_that_dies_by_a_signal(ways: Ways, name: str) -> None:
    """The shell that started it dies, and the server tells which signal it was."""

    async def talk(connection: asyncssh.SSHClientConnection) -> tuple[object, ...]:
        done = await connection.run(sh(f"ulimit -c 0; kill -{name} $PPID; sleep 0.1"))
        return done.exit_status, done.exit_signal, done.stdout, done.stderr

    assert (await ways.agree_talking(talk))[0] == -1


def test_command_that_dies_by_a_signal_under_stock_ssh(ways: Ways) -> None:
    assert ways.agree(sh("kill -KILL $PPID"))[0] == 255


def test_program_that_is_not_there(ways: Ways) -> None:
    assert ways.agree(sh("exec /no/such/program"))[0] == 127


# ── what comes out ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_streams_apart(ways: Ways) -> None:
    script = 'for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done; printf "\\000\\377\\r\\n"'
    status, out, err = ways.agree(sh(script))
    assert (status, out[-4:], err.count(b"\n")) == (0, b"\0\xff\r\n", 9)


def test_nothing_at_all(ways: Ways) -> None:
    assert ways.agree(sh(":")) == (0, b"", b"")


def test_stderr_alone(ways: Ways) -> None:
    assert ways.agree(sh("echo no >&2; exit 5")) == (5, b"", b"no\n")


def test_long_tail_then_status(ways: Ways) -> None:
    status, out, err = ways.agree(sh('head -c 3000000 /dev/zero | tr "\\000" x; echo end >&2; exit 9'))
    assert (status, out == b"x" * 3 * MB, err) == (9, True, b"end\n")


def test_both_streams_long(ways: Ways) -> None:
    script = "head -c 1500000 /dev/zero >&2 & head -c 1500000 /dev/zero; wait; exit 4"
    status, out, err = ways.agree(sh(script))
    assert (status, len(out), len(err)) == (4, 1_500_000, 1_500_000)


def test_child_in_the_background_is_not_waited_for(ways: Ways) -> None:
    assert ways.agree(sh("sleep 3 </dev/null >/dev/null 2>&1 & echo first; exit 3")) == (3, b"first\n", b"")


def test_child_that_keeps_the_output_is(ways: Ways) -> None:
    assert ways.agree(sh("(sleep 0.3; echo late) & echo first; exit 3")) == (3, b"first\nlate\n", b"")


# ── what goes in ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_input(ways: Ways) -> None:
    assert ways.agree(sh("cat; echo end"), stdin=None) == (0, b"end\n", b"")


@pytest.mark.parametrize("option", ["-n", "-T", "-q", "-x", "-a"])
def test_options_of_batch_jobs(ways: Ways, option: str) -> None:
    assert ways.agree(sh("cat; echo end >&2; exit 6"), option, stdin=b"")[0] == 6


def test_a_megabyte_there_and_back(ways: Ways) -> None:
    given = os.urandom(MB)
    assert ways.agree(sh("cat"), stdin=given) == (0, given, b"")


def test_sixty_four_megabytes(ways: Ways, tmp_path: Path) -> None:
    given, piece = tmp_path / "given", os.urandom(MB)
    given.write_bytes(piece * 64)
    expected = hashlib.sha256(piece * 64).hexdigest().encode()
    assert ways.agree(sh("sha256sum"), stdin=given) == (0, expected + b"  -\n", b"")


def test_output_after_the_end_of_input(ways: Ways) -> None:
    assert ways.agree(sh("cat; sleep 0.2; echo after; echo late >&2; exit 8"), stdin=b"in ") == (
        8,
        b"in after\n",
        b"late\n",
    )


def test_input_that_nobody_reads(ways: Ways) -> None:
    assert ways.agree(sh("exec 0<&-; echo deaf; exit 2"), stdin=bytes(4 * MB))[:2] == (2, b"deaf\n")


def test_input_that_is_read_in_part(ways: Ways) -> None:
    assert ways.agree(sh("head -c 10; exit 4"), stdin=b"0123456789" * 500_000) == (4, b"0123456789", b"")


def test_late_input(ways: Ways) -> None:
    """Sent a fifth of a second after the command began, when it asks for it."""

    def talk(way: tuple[str, ...]) -> tuple[bytes, Told]:
        with _started(way, sh("sleep 0.2; echo now; read -r line; echo got $line; exit 7")) as caller:
            assert caller.stdin is not None
            assert caller.stdout is not None
            asked = caller.stdout.readline()
            out, err = caller.communicate(b"this\n", timeout=60)
            return asked, (caller.returncode, out, err)

    assert talk(ways.straight) == talk(ways.gateway) == (b"now\n", (7, b"got this\n", b""))


def _started(way: tuple[str, ...], command: str) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    return subprocess.Popen([*way, command], stdin=pipe, stdout=pipe, stderr=pipe)


# ── what is asked ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_lines(ways: Ways) -> None:
    assert ways.agree(f"{sh('echo one; exit 3')}\n{sh('echo two >&2; exit 4')}\n") == (4, b"one\n", b"two\n")


@pytest.mark.parametrize("operator", ["&&", "||", ";", "|"])
def test_operators(ways: Ways, operator: str) -> None:
    ways.agree(f"{sh('echo one; exit 3')} {operator} {sh('cat; echo two; exit 4')}")


@pytest.mark.parametrize(
    "word", ['"two  words"', r"back\ slash", r"'\n'", '"it\'s"', "''", "'é 日本 🔒'", "'*?[a-z]{a,b}~'"]
)
def test_words(ways: Ways, word: str) -> None:
    ways.agree(f"{SCRIPT} 'printf %s%s%s[%s] $# \"$@\"' sh {word} end")


def test_eight_kilobytes(ways: Ways) -> None:
    command = sh(f"printf %s {'x' * 8000} | sha256sum")
    assert ways.agree(command)[1].split()[0].decode() == hashlib.sha256(b"x" * 8000).hexdigest()


# ── many, by other ways of the client ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def one_login(ways: Ways) -> Iterator[list[str]]:
    """The words that run a command on one connection through the gateway."""
    with master(ways.gateway) as words:
        yield words


def wrong(way: list[str], numbers: Iterable[int], *, at_once: int = 1) -> list[Told]:
    """What commands told that say their number on all three ways, where that was not their number."""

    def told(number: int) -> tuple[Told, Told]:
        expected = (number % 256, b"%d\n" % number, b"e%d\n" % number)
        return expected, _run([*way, sh(f"echo {number}; echo e{number} >&2; exit {number % 256}")], None)

    with ThreadPoolExecutor(at_once) as many:
        return [got for expected, got in many.map(told, numbers) if got != expected]


def test_fifty_channels_at_once(one_login: list[str]) -> None:
    assert wrong(one_login, range(50), at_once=50) == []


def test_forty_commands_one_after_another(one_login: list[str]) -> None:
    assert wrong(one_login, range(40)) == []


@pytest.mark.long
def test_a_thousand_commands_of_one_connection(one_login: list[str]) -> None:
    assert wrong(one_login, range(1000), at_once=8) == []


def test_jump_host_before_the_gateway(ways: Ways) -> None:
    hop = " ".join([*ways.straight[:-1], "-W", "%h:%p", ways.straight[-1]])
    assert ways.agree(sh("cat; exit 9"), "-o", f"ProxyCommand={hop}", stdin=b"in") == (9, b"in", b"")


# ── signals of the caller, which stock ssh cannot send ──────────────────────────────────────────────────────────────


async def test_signal_of_the_caller(ways: Ways) -> None:
    """All processes get it; whether the outer shell still remarks on the end of the inner one is a matter of luck."""

    async def talk(connection: asyncssh.SSHClientConnection) -> tuple[object, ...]:
        process = await connection.create_process(
            sh('trap "echo got; exit 3" USR1; echo begun; while :; do sleep 0.1; done')
        )
        begun = await process.stdout.readline()
        process.send_signal("USR1")
        done = await process.wait()
        return begun, done.stdout, done.exit_status, done.exit_signal

    assert (await ways.agree_talking(talk))[:2] == (b"begun\n", b"got\n")


# ── what differs, and why ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Difference:
    """A command that is not the same through the gateway: its status there, and what says why."""

    why: str
    command: str | bytes
    status: int
    said: bytes
    options: tuple[str, ...] = ()


DIFFERENCES = (
    Difference("only what a rule allows runs", "true", 77, b"policy.no_rule"),
    Difference("what cannot be read for certain is not run", sh("echo") + " $((x))", 77, b"command.unparsed"),
    Difference("a command is text", b"echo caf\xe9", 65, b"request.invalid"),
    Difference("a command is short enough to be judged in time", sh("echo " + "x" * 100_000), 65, b"request.invalid"),
    Difference("a job has no terminal", sh("exit 0"), 255, b"", ("-tt",)),
)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.why.replace(" ", "-"))
def test_differs(ways: Ways, difference: Difference) -> None:
    straight, gateway = ways.tell(difference.command, *difference.options, stdin=None)
    assert straight[0] == 0
    assert (gateway[0], gateway[1], difference.said in gateway[2]) == (difference.status, b"", True)


def test_differs_in_closed_input(lab: LiveSite, deploy: Path, past: Plain) -> None:
    """Input is for commands whose rule opens it; others see its end at once, and the caller learns what was dropped."""
    command = sh("cat; exit 3")
    assert _run([*past.words, command], b"given") == (3, b"given", b"")
    status, out, err = _run([*lab.ssh_words(deploy, "batch-host"), command], b"given")
    assert (status, out, b"5 bytes of standard input were dropped" in err) == (3, b"", True)


def test_differs_in_environment(ways: Ways) -> None:
    """The environment is a pinned one, so that a start-up file or a client cannot change what a command means."""
    straight, gateway = ways.tell(sh("env"), "-o", "SetEnv=LANG=de_DE.UTF-8")
    names = [{line.split(b"=")[0] for line in told[1].splitlines()} for told in (straight, gateway)]
    assert names[0] - names[1] >= {b"SHELL", b"SSH_CLIENT", b"SSH_CONNECTION"}
    assert names[1] - names[0] == {b"LC_ALL", b"JUMPHOST_REQUEST"}
