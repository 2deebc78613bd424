"""What an auditor and a caller see of output that is masked: stock ssh through the gateway to a real target."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jumphost.testing.lab import SCRIPT
from jumphost.testing.site import LiveSite

DIGITS = "4111 1111 1111 1111"
PIECES = ("4111 111", "1 11", "11 1111", "\n")  # seven digits wait for two seconds, fewer for 100 ms
IN_PIECES = "".join(f'printf "{piece}"; sleep 0.05; ' for piece in PIECES) + "echo done >&2"


@pytest.fixture
def run(lab: LiveSite, deploy: Path) -> Callable[[str, str], Any]:
    def ran(script: str, purpose: str) -> Any:
        return lab.ssh(deploy, "batch-host", f"{SCRIPT} '{script}'", env={"JUMPHOST_PURPOSE": purpose})

    return ran


def newest(lab: LiveSite) -> Any:
    return lab.json("session", "list")[0]


def test_a_card_in_pieces_is_stars_for_the_caller_and_in_the_recording(lab: LiveSite, run: Any) -> None:
    done = run(IN_PIECES, "masked")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"**** **** **** ****\n", b"done\n")
    session = newest(lab)
    cast = Path(lab.site.recordings / session["recording"]).read_text()
    assert "**** **** **** ****" in lab.cli("session", "export", session["id"], "--format", "text").stdout
    assert "1111 1111" not in cast
    [told] = [event for event in lab.events("mask.count") if event["session"] == session["id"]]
    [row] = told["streams"]["stdout"]["counts"]
    assert (row["detector"], row["action"], row["count"]) == ("credit_card", "masked", 1)
    kinds = [event["kind"] for event in lab.json("session", "show", session["id"])["events"]]
    assert kinds.index("mask.count") == kinds.index("command.exit") - 1


def test_ever_says_yes_no_and_what_nobody_looked_at(lab: LiveSite, run: Any) -> None:
    def asked(detector: str, *more: str) -> Any:
        return lab.json("audit", "ever", "--identity", "deploy-bot", "--detector", detector, *more)

    before = asked("credit_card")
    email = asked("email")
    run(f"echo {DIGITS}", "masked")
    masked = newest(lab)
    run(f"echo {DIGITS}", "watched")
    watched = newest(lab)
    run("echo plain", "")
    after = asked("credit_card")
    assert (after["found"], after["sessions"][-2:]) == (True, [masked["id"], watched["id"]])
    assert (after["masked"] - before["masked"], after["detected"] - before["detected"]) == (1, 1)
    assert (after["last"], after["seen"] - before["seen"]) == (watched["started"], 2)
    assert after["unseen"]["sessions"] == before["unseen"]["sessions"] + 1
    assert after["unseen"]["bytes"] > before["unseen"]["bytes"]
    assert asked("email")["unseen"]["sessions"] == email["unseen"]["sessions"] + 2
    text = lab.cli("audit", "ever", "--identity", "deploy-bot", "--detector", "credit_card").stdout
    assert text.startswith("yes: deploy-bot, credit_card\n")
    assert not asked("us_ssn")["found"]
    assert not asked("credit_card", "--until", "2026-01-01T00:00:00Z")["found"]


def test_what_is_only_watched_passes(run: Any) -> None:
    assert run(f"echo {DIGITS}", "watched").stdout == f"{DIGITS}\n".encode()


def test_a_column_is_masked_and_asked_about(lab: LiveSite, run: Any) -> None:
    table = 'printf " name | ssn   \\n------+-------\\n ada  | x-123 \\n(1 row)\\n"'
    done = run(table, "columns")
    assert b"x-123" not in done.stdout
    assert b" ada  | *" in done.stdout
    words = ("audit", "ever", "--identity", "deploy-bot", "--detector", "column:ssn")
    assert lab.json(*words)["found"]


def test_what_nobody_can_look_into_does_not_reach_the_caller(lab: LiveSite, run: Any) -> None:
    done = run(f"echo {DIGITS} | gzip -c", "masked")
    assert (done.returncode, done.stdout) == (77, b"")
    assert b"jumphost: cut mask.opaque: the output is masked, and what came is gzip" in done.stderr
    session = newest(lab)
    assert session["outcome"] == "mask_opaque"
    [told] = [event for event in lab.events("mask.count") if event["session"] == session["id"]]
    assert told["streams"]["stdout"]["opaque"] == {"kind": "gzip", "bytes": 0}


@pytest.mark.parametrize("command", ["sh -c 'base64 /etc/hostname'", "sh -c 'cat /etc/hostname | rev'"])
def test_a_command_that_would_defeat_the_mask_is_denied(lab: LiveSite, deploy: Path, command: str) -> None:
    def asked(purpose: str) -> Any:
        return lab.ssh(deploy, "batch-host", command, env={"JUMPHOST_PURPOSE": purpose})

    done = asked("masked")
    assert (done.returncode, done.stdout) == (77, b"")
    assert b"jumphost: denied mask.defeated: the output is masked, and the command changes" in done.stderr
    assert asked("").returncode == 0
    assert asked("watched").returncode == 0


def test_the_trail_has_no_value_of_a_command_or_its_purpose(lab: LiveSite, deploy: Path) -> None:
    done = lab.ssh(deploy, "batch-host", f"{SCRIPT} 'echo {DIGITS}'", env={"JUMPHOST_PURPOSE": "io"})
    assert done.stdout == f"{DIGITS}\n".encode()  # what ran has it
    session = newest(lab)
    assert "echo **** **** **** ****" in session["command"]
    assert DIGITS not in lab.cli("session", "show", session["id"]).stdout
    head, *_ = Path(lab.site.recordings / session["recording"]).read_text().splitlines()
    assert "echo **** **** **** ****" in head
