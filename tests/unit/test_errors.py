"""Codes, the exit statuses they mean, and how an error reads."""

import re

import pytest

from jumphost.errors import Code, JumphostError, Problem, Problems, Refused, Status, Unavailable, status_of

# CONTRACTS §3, read the other way round; every code that is not named here is a denial.
STATUSES = {
    65: {"request.invalid"},
    69: {
        "target.unreachable", "target.refused", "policy.unavailable", "policy.timeout", "policy.error",
        "signer.unavailable", "token.unavailable", "credential.unavailable", "journal.unavailable",
        "credential.busy",
        "gateway.unavailable", "gateway.shutdown", "limit.disk", "limit.requests", "clock.behind",
    },
    70: {"internal", "recording.failed", "mask.failed"},
    75: {"approval.pending", "approval.approved", "approval.detached"},
    76: {"target.host_key", "target.protocol", "caller.protocol"},
}  # fmt: skip


@pytest.mark.parametrize("code", Code)
def test_the_status_of_every_code(code: Code) -> None:
    assert status_of(code) == next((status for status, codes in STATUSES.items() if code in codes), 77)


def test_statuses_never_say_that_a_command_ran() -> None:
    assert Status.OK not in {status_of(code) for code in Code}


@pytest.mark.parametrize("code", Code)
def test_a_code_is_a_name(code: Code) -> None:
    assert re.fullmatch(r"[a-z]+(\.[a-z_]+)?", code)


@pytest.mark.parametrize("kind", [Refused, Unavailable])
def test_an_error_says_its_code_and_message_and_keeps_the_detail_apart(kind: type[JumphostError]) -> None:
    error = kind(Code.TARGET_UNAVAILABLE, "no such target", detail="out of scope")
    assert isinstance(error, JumphostError)
    assert str(error) == "target.unavailable: no such target"
    assert (error.code, error.message, error.detail) == (Code.TARGET_UNAVAILABLE, "no such target", "out of scope")


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.yaml", 3, "x.y", "got 1, expected 2"), "a.yaml:3: x.y: got 1, expected 2"),
        (Problem("a.yaml", 0, "", "cannot be read"), "a.yaml: cannot be read"),
        (Problem("a.rego", 7, "", "no metadata", code="id.x", fix="add it"), "a.rego:7: no metadata"),
    ],
)
def test_a_problem_says_where(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_problems_are_told_all_at_once_in_their_order() -> None:
    found = [Problem("b", 2, "", "second"), Problem("a", 1, "", "first")]
    error = Problems(found)
    assert (error.problems, error.message) == (tuple(found), "b:2: second\na:1: first")
    assert error.code is Code.REQUEST_INVALID
    assert Problems([], code=Code.POLICY_INVALID).code is Code.POLICY_INVALID
