"""What a restart of the gateway, or the death of a part of it, leaves of what was going on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh

HELD = {"JUMPHOST_PURPOSE": "held"}
NO_WAIT = {**HELD, "JUMPHOST_WAIT": "0"}


@pytest.fixture(scope="module")
def own() -> Iterator[LiveSite]:
    """A lab that these tests stop and start."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        yield site


@pytest.fixture(scope="module")
def caller(own: LiveSite) -> Path:
    return own.key("deploy-bot", "--ttl", "15m")


def script(mark: Path) -> str:
    return f"sh -c 'echo ran >> {mark}; echo done'"


def asked(site: LiveSite, mark: Path) -> int:
    """How often the command with this mark was judged."""
    return sum(str(mark) in event["command"] for event in site.events("command.decision"))


def test_a_held_command_outlives_a_restart(own: LiveSite, caller: Path, mark: Path) -> None:
    """The caller is sent away at once; the same command sent again finds the same hold, with the answers it has."""
    waiting = own.ssh_started(caller, "batch-host", script(mark), env={"JUMPHOST_PURPOSE": "dual"})
    hold = own.hold()["id"]
    own.answer("approve", hold, "alice")
    assert own.stop() == 0
    _, stderr = waiting.communicate(timeout=30)
    assert waiting.returncode == 69
    assert b"jumphost: failed gateway.shutdown: " in stderr
    own.start()
    kept = own.json("approval", "show", hold)
    assert (kept["state"], [given["approver"] for given in kept["approvals"]]) == ("pending", ["alice"])
    again = own.ssh_started(caller, "batch-host", script(mark), env={"JUMPHOST_PURPOSE": "dual"})
    own.wait_for(
        "the caller", lambda: len([e for e in own.events("command.decision") if str(mark) in e["command"]]) > 1
    )
    own.answer("approve", hold, "bob")
    stdout, stderr = again.communicate(timeout=30)
    assert (again.returncode, stdout) == (0, b"done\n")
    assert f"(hold {hold})".encode() in stderr
    assert mark.read_text() == "ran\n"


def test_an_approval_outlives_a_restart_and_is_used_once(own: LiveSite, caller: Path, mark: Path) -> None:
    assert own.ssh(caller, "batch-host", script(mark), env=NO_WAIT).returncode == 75
    hold = own.hold()["id"]
    own.answer("approve", hold, "alice")
    assert own.stop() == 0
    own.start()
    assert own.json("approval", "show", hold)["state"] == "approved"
    assert own.ssh(caller, "batch-host", script(mark), env=NO_WAIT).stdout == b"done\n"
    own.stop()
    own.start()
    assert own.ssh(caller, "batch-host", script(mark), env=NO_WAIT).returncode == 75
    assert mark.read_text() == "ran\n"
    own.cli("approval", "withdraw", own.hold()["id"])


def test_a_running_command_may_finish_before_the_gateway_ends(own: LiveSite, caller: Path) -> None:
    running = own.ssh_started(caller, "batch-host", "sh -c 'echo begun; sleep 1; echo finished'")
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    assert own.stop() == 0
    stdout, _ = running.communicate(timeout=30)
    assert (running.returncode, stdout) == (0, b"finished\n")
    own.start()
    assert own.events("system.stop", "system.start")[-2:][0]["kind"] == "system.stop"


def test_killed_while_a_command_runs_nobody_knows_whether_it_finished(own: LiveSite, caller: Path, mark: Path) -> None:
    running = own.ssh_started(caller, "batch-host", f"sh -c 'echo ran >> {mark}; echo begun; sleep 30'")
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    assert own.ssh(caller, "batch-host", script(mark), env=NO_WAIT).returncode == 75
    hold = own.hold()["id"]
    assert own.process is not None
    own.process.kill()
    assert own.killed() == -signal.SIGKILL
    running.communicate(timeout=30)
    assert running.returncode == 255
    own.start()
    sessions = own.json("session", "list")
    killed = next(one for one in sessions if "begun" in one["command"] and str(mark) in one["command"])
    assert killed["outcome"] == "unknown"
    assert own.hold()["id"] == hold
    own.cli("approval", "withdraw", hold)
    assert mark.read_text() == "ran\n"
    [stopped] = own.wait_for("the stop", lambda: of(own, "command.stop", killed["id"]))
    assert (stopped["left"], stopped["decision"]) == (False, killed["decision"])
    assert [event["purpose"] for event in of(own, "credential.issue", killed["id"])] == ["run", "stop"]
    assert not [one.pid for one in psutil.process_iter() if belongs(one, killed["id"])]


def of(site: LiveSite, kind: str, session: str) -> list[dict[str, Any]]:
    """The session's events of a kind."""
    return [event for event in site.events(kind) if event["session"] == session]


def belongs(process: psutil.Process, request: str) -> bool:
    """Whether it is one that was started for the request."""
    try:
        return process.environ().get("JUMPHOST_REQUEST") == request
    except psutil.Error:  # it ended, or is not ours
        return False


def signer(site: LiveSite) -> psutil.Process:
    """The signer of the gateway that runs."""
    assert site.process is not None
    return next(child for child in psutil.Process(site.process.pid).children() if "jumphost.signer" in child.cmdline())


def test_without_the_signer_nothing_runs_until_there_is_another(own: LiveSite, caller: Path, mark: Path) -> None:
    first = signer(own)
    first.suspend()  # it is there, and says nothing
    held_up = own.ssh_started(caller, "batch-host", script(mark))
    own.wait_for("the start", lambda: asked(own, mark))
    os.kill(first.pid, signal.SIGKILL)
    _, stderr = held_up.communicate(timeout=60)
    assert held_up.returncode == 69
    assert b"jumphost: failed signer.unavailable: the signer does not answer" in stderr
    assert not mark.exists()
    own.wait_for("another signer", lambda: own.ssh(caller, "batch-host", script(mark)).returncode == 0)
    assert signer(own).pid != first.pid
    assert mark.read_text() == "ran\n"
