"""Callers that vanish in the middle of a transfer leave nothing behind: no process, no descriptor, no open end."""

import subprocess
from pathlib import Path
from typing import Any

import psutil

from jumphost.testing.lab import master
from jumphost.testing.site import LiveSite

TIMES = 20
STREAM = {"JUMPHOST_PURPOSE": "stream"}
ENDLESS = "head -c 4321000000000 /dev/zero"
DEAF = "sleep 43210"  # takes as much input as fits on the way


def opened(lab: LiveSite) -> int:
    """Descriptors of the gateway."""
    assert lab.process is not None
    return psutil.Process(lab.process.pid).num_fds()


def ended(lab: LiveSite) -> list[tuple[str, bool]]:
    """How commands were cut, and whether something of them was left; once no session is open any more."""
    kinds = ("session.open", "session.close", "command.cut")

    def all_of_it() -> list[dict[str, Any]]:
        events = lab.events(*kinds)
        count = [[event["kind"] for event in events].count(kind) for kind in kinds]
        return events if count[0] == count[1] else []

    events = lab.wait_for("the end of every session", all_of_it)
    return [(event["outcome"], event["left"]) for event in events if event["kind"] == "command.cut"]


def vanished(words: list[str]) -> None:
    """Kills a client in the middle of sending, and of being sent, as much as goes."""
    with Path("/dev/zero").open("rb") as endless:
        caller = subprocess.Popen(words, stdin=endless, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert caller.stdout is not None
        assert caller.stdout.readline() == b"up\n"
        caller.kill()
        caller.communicate()


def left(command: str) -> bool:
    """Whether a process that runs the command is there."""
    return subprocess.run(["pgrep", "-f", f"^{command}"], capture_output=True).returncode == 0


def test_callers_that_are_killed(lab: LiveSite, deploy: Path) -> None:
    words = lab.ssh_words(deploy, "batch-host", env=STREAM)
    vanished([*words, f"sh -c 'echo up; exec {ENDLESS}'"])
    cut, before = len(ended(lab)), opened(lab)
    for number in range(TIMES):
        vanished([*words, f"sh -c 'echo up; exec {(ENDLESS, DEAF)[number % 2]}'"])
    assert ended(lab)[cut:] == [("caller_gone", False)] * TIMES
    lab.wait_for("closed descriptors", lambda: opened(lab) <= before)
    assert not left(ENDLESS)
    assert not left(DEAF)


def test_channels_that_are_killed_on_a_connection_that_stays(lab: LiveSite, deploy: Path) -> None:
    endless = ENDLESS.replace("4321", "1234")
    with master(lab.ssh_words(deploy, "batch-host", env=STREAM)) as words:
        command = f"sh -c 'echo up; exec {endless}'"
        vanished([*words, command])
        cut = len(ended(lab))
        for _ in range(3):
            vanished([*words, command])
        assert ended(lab)[cut:] == [("caller_gone", False)] * 3
        assert not left(endless)
        assert subprocess.run([*words, "sh -c 'exit 6'"], stdin=subprocess.DEVNULL).returncode == 6
