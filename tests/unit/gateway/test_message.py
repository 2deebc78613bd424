"""The one line that a caller is told, and the exit status that goes with it (CONTRACTS §3)."""

import json

import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway.message import Ended, Ending, dropped, escaped, fault, judged, line, refused
from jumphost.model.decision import NOTHING, Decision, Effect, Judgement, Verdict, denied

HELD = Ending("held", "a.b.hold", "asks a dba", 75, "d", "h")


def decided(effect: Effect, code: str = "a.b.rule") -> Decision:
    return Decision("d", 1, Judgement(Verdict(effect, (), NOTHING), code, "because"))


@pytest.mark.parametrize(
    ("code", "effect", "status"),
    [
        (Code.IDENTITY_REVOKED, "denied", 77),
        (Code.TARGET_UNAVAILABLE, "denied", 77),
        (Code.APPROVAL_REJECTED, "denied", 77),
        (Code.LIMIT_TIME, "denied", 77),
        (Code.APPROVAL_DETACHED, "held", 75),
        (Code.REQUEST_INVALID, "failed", 65),
        (Code.TARGET_UNREACHABLE, "failed", 69),
        (Code.JOURNAL_UNAVAILABLE, "failed", 69),
        (Code.SHUTDOWN, "failed", 69),
        (Code.RECORDING_FAILED, "failed", 70),
        (Code.INTERNAL, "failed", 70),
        (Code.TARGET_HOST_KEY, "failed", 76),
    ],
)
def test_before_the_command_ran(code: Code, effect: str, status: int) -> None:
    assert refused(Refused(code, "why"), "d") == Ending(effect, code, "why", status, "d")


@pytest.mark.parametrize(
    ("code", "effect", "status"),
    [
        (Code.LIMIT_TIME, "cut", 77),
        (Code.LIMIT_OUTPUT, "cut", 77),
        (Code.IDENTITY_REVOKED, "cut", 77),
        (Code.CALLER_GONE, "cut", 77),
        (Code.RECORDING_FAILED, "cut", 70),
        (Code.JOURNAL_UNAVAILABLE, "cut", 70),
        (Code.SHUTDOWN, "cut", 70),
        (Code.TARGET_UNREACHABLE, "failed", 69),  # the target went away by itself
        (Code.INTERNAL, "failed", 70),
    ],
)
def test_while_it_ran(code: Code, effect: str, status: int) -> None:
    assert refused(Unavailable(code, "why"), "d", running=True) == Ending(effect, code, "why", status, "d")


@pytest.mark.parametrize(
    ("decision", "effect", "status"),
    [(decided("deny"), "denied", 77), (decided("allow"), "allowed", 0), (decided("hold"), "held", 75)],
)
def test_what_a_rule_decided(decision: Decision, effect: str, status: int) -> None:
    assert judged(decision, effect) == Ending(effect, "a.b.rule", "because", status, "d")


@pytest.mark.parametrize(
    ("code", "effect", "status"),
    [
        (Code.POLICY_NO_RULE, "denied", 77),
        (Code.COMMAND_UNPARSED, "denied", 77),
        (Code.POLICY_TIMEOUT, "failed", 69),
        (Code.POLICY_UNAVAILABLE, "failed", 69),
    ],
)
def test_a_denial_without_a_rule_has_the_status_of_its_code(code: Code, effect: str, status: int) -> None:
    decision = Decision("d", 1, denied(code, "why"))
    assert judged(decision, "denied") == Ending(effect, code, "why", status, "d")


def test_lines_for_people() -> None:
    assert line(HELD, as_json=False) == "jumphost: held a.b.hold: asks a dba (hold h)"
    assert line(replace(HELD, hold=""), as_json=False) == "jumphost: held a.b.hold: asks a dba (decision d)"
    assert line(replace(HELD, effect="denied"), as_json=False) == "jumphost: denied a.b.hold: asks a dba (decision d)"
    assert line(fault("d"), as_json=False) == "jumphost: failed internal: internal fault (decision d)"
    assert line(dropped(3, "d"), as_json=False) == (
        "jumphost: note stdin.closed: 3 bytes of standard input were dropped (decision d)"
    )


def test_lines_for_programs() -> None:
    assert json.loads(line(HELD, as_json=True)) == {
        "effect": "held",
        "code": "a.b.hold",
        "message": "asks a dba",
        "decision": "d",
        "hold": "h",
        "status": 75,
    }


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("field", ["code", "message"])
def test_what_a_policy_says_cannot_draw_on_the_terminal(field: str, as_json: bool) -> None:
    said = line(replace(HELD, **{field: "a\x1b[2J\r\n\x00\x9b\u202e\u2028\udc80z"}), as_json=as_json)
    assert said.isprintable()
    assert "\\u202e" in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain é ✓", "plain é ✓"), ("a\tb\n", "a\\tb\\n"), ("\x1b", "\\x1b"), ("\udcff", "\\udcff"), ("\\n", "\\n")],
)
def test_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_an_end_is_raised_with_what_the_caller_is_told() -> None:
    assert Ended(HELD).ending is HELD
