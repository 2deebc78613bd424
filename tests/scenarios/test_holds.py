"""A command that waits for people, as its caller, its approvers and the journal see it."""

from pathlib import Path

import pytest

from jumphost.testing.site import LiveSite

HELD = {"JUMPHOST_PURPOSE": "held"}
DUAL = {"JUMPHOST_PURPOSE": "dual"}
NO_WAIT = {**HELD, "JUMPHOST_WAIT": "0"}


def script(path: Path) -> str:
    """A command that leaves a mark each time it runs."""
    return f"sh -c 'echo ran >> {path}; echo done'"


def test_approved_runs_exactly_once(lab: LiveSite, deploy: Path, mark: Path) -> None:
    command = script(mark)
    caller = lab.ssh_started(deploy, "batch-host", command, env=HELD)
    hold = lab.hold()
    assert command in hold["command"].replace("'sh'", "sh")
    lab.answer("approve", hold["id"], "alice", "--reason", "fine")
    stdout, stderr = caller.communicate(timeout=60)
    assert (caller.returncode, stdout) == (0, b"done\n")
    assert stderr.startswith(f"jumphost: held lab.sh.hold: asks a dba (hold {hold['id']})\n".encode())
    again = lab.ssh(deploy, "batch-host", command, env=NO_WAIT)
    assert again.returncode == 75
    assert mark.read_text() == "ran\n"
    second = lab.hold()
    assert second["id"] != hold["id"]
    lab.cli("approval", "withdraw", second["id"])


def test_approved_while_nobody_waits_runs_when_sent_again(lab: LiveSite, deploy: Path, mark: Path) -> None:
    command = script(mark)
    assert lab.ssh(deploy, "batch-host", command, env=NO_WAIT).returncode == 75
    hold = lab.hold()
    lab.answer("approve", hold["id"], "carol")
    assert not mark.exists()
    fresh = lab.key("deploy-bot")
    assert lab.ssh(fresh, "batch-host", command, env=HELD).stdout == b"done\n"
    assert mark.read_text() == "ran\n"


def test_rejection_reaches_the_caller_with_its_reason(lab: LiveSite, deploy: Path, mark: Path) -> None:
    caller = lab.ssh_started(deploy, "batch-host", script(mark), env=HELD)
    lab.answer("reject", lab.hold()["id"], "alice", "--reason", "not \x1b[31mtonight")
    _, stderr = caller.communicate(timeout=60)
    assert caller.returncode == 77
    assert b"jumphost: denied approval.rejected: the held command was rejected: not \\x1b[31mtonight" in stderr
    assert not mark.exists()


@pytest.mark.parametrize("change", ["byte", "login", "target"])
def test_approval_of_one_is_none_of_another(lab: LiveSite, deploy: Path, mark: Path, change: str) -> None:
    command = script(mark)
    assert lab.ssh(deploy, "batch-host", command, env=NO_WAIT).returncode == 75
    approved = lab.hold()
    lab.answer("approve", approved["id"], "alice")
    where = {"byte": "batch-host", "login": "batch-host+app", "target": "payments-db"}[change]
    other = command.replace("ran", "rbn") if change == "byte" else command
    assert lab.ssh(deploy, where, other, env=NO_WAIT).returncode in (75, 77)
    assert not mark.exists()
    for hold in lab.json("approval", "list"):
        lab.cli("approval", "withdraw", hold["id"])


def test_dual_control_counts_people_not_groups(lab: LiveSite, deploy: Path, mark: Path) -> None:
    caller = lab.ssh_started(deploy, "batch-host", script(mark), env=DUAL)
    hold = lab.hold()
    lab.answer("approve", hold["id"], "carol")  # in both groups: one place
    assert lab.json("approval", "show", hold["id"])["state"] == "pending"
    assert lab.answer("approve", hold["id"], "carol", check=False).returncode == 77
    lab.answer("approve", hold["id"], "alice")
    stdout, _ = caller.communicate(timeout=60)
    assert (caller.returncode, stdout) == (0, b"done\n")


def test_strangers_and_wrong_keys_do_not_count(lab: LiveSite, deploy: Path, mark: Path) -> None:
    assert lab.ssh(deploy, "batch-host", script(mark), env=NO_WAIT).returncode == 75
    hold = lab.hold()
    assert lab.answer("approve", hold["id"], "bob", check=False).returncode == 77  # not of the group
    key = str(lab.root / "example/bob")
    forged = lab.cli("approval", "approve", hold["id"], "--as", "alice", "--key", key, check=False)
    assert "is no key of alice" in forged.stderr
    assert lab.json("approval", "show", hold["id"])["state"] == "pending"
    lab.cli("approval", "withdraw", hold["id"])


def test_hold_expires(lab: LiveSite, deploy: Path, mark: Path) -> None:
    done = lab.ssh(deploy, "batch-host", script(mark), env={"JUMPHOST_PURPOSE": "brief"})
    assert done.returncode == 77
    assert b"jumphost: denied approval.expired: " in done.stderr
    assert lab.events("hold.expire")


def test_patience_ends_with_75(lab: LiveSite, deploy: Path, mark: Path) -> None:
    done = lab.ssh(deploy, "batch-host", script(mark), env={**HELD, "JUMPHOST_WAIT": "2"})
    assert done.returncode == 75
    assert done.stderr.count(b"jumphost: held lab.sh.hold: ") >= 2
    hold = lab.hold()
    assert any(event["hold"] == hold["id"] for event in lab.events("hold.detach"))
    lab.cli("approval", "withdraw", hold["id"])


def test_caller_who_left_runs_nothing(lab: LiveSite, deploy: Path, mark: Path) -> None:
    caller = lab.ssh_started(deploy, "batch-host", script(mark), env=HELD)
    hold = lab.hold()
    caller.kill()
    caller.communicate()
    lab.wait_for("the detachment", lambda: any(e["hold"] == hold["id"] for e in lab.events("hold.detach")))
    lab.answer("approve", hold["id"], "alice")
    assert lab.json("approval", "show", hold["id"])["state"] == "approved"
    assert not mark.exists()
    lab.cli("approval", "withdraw", hold["id"])


def test_two_callers_one_approval_one_run(lab: LiveSite, deploy: Path, mark: Path) -> None:
    command = script(mark)
    first = lab.ssh_started(deploy, "batch-host", command, env=HELD)
    hold = lab.hold()
    second = lab.ssh_started(deploy, "batch-host", command, env=HELD)
    lab.wait_for(
        "the second caller", lambda: len([e for e in lab.events("command.decision") if "ran >>" in e["command"]]) >= 2
    )
    lab.answer("approve", hold["id"], "alice")
    assert first.communicate(timeout=60)[0] == b"done\n"
    later = lab.hold()
    assert later["id"] != hold["id"]
    assert mark.read_text() == "ran\n"
    lab.answer("reject", later["id"], "alice")
    second.communicate(timeout=60)
    assert second.returncode == 77
