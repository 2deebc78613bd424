"""Who asks."""

import re

import msgspec
import pytest

from jumphost.clock import parse_rfc3339
from jumphost.model.identity import ANYTHING, SCOPE, Caller, Certificate, Identity, IdentityEntry


def test_a_caller_ends_with_its_certificate() -> None:
    proof = Certificate(valid_before="2026-11-22T02:10:00.000Z")
    caller = Caller(Identity("job", "team", "main", certificate=proof))
    assert caller.expires_ns == parse_rfc3339("2026-11-22T02:10:00Z")


def test_a_caller_without_an_end_is_a_fault() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        _ = Caller(Identity("job", "team", "main")).expires_ns


def test_the_least_an_entry_says() -> None:
    entry = msgspec.convert({"owner": "team"}, IdentityEntry)
    assert entry == IdentityEntry(owner="team", groups=(), callers="main", match={}, scope=None, enabled=True)


@pytest.mark.parametrize("wrong", [{}, {"owner": "team", "enable": False}, {"owner": 1}, {"owner": "t", "scope": "x"}])
def test_an_entry_is_strict(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, IdentityEntry)


def test_anything_is_a_scope() -> None:
    assert all(re.match(SCOPE, entry) for entry in ANYTHING)
    assert Identity("job", "team", "main").scope == ANYTHING
