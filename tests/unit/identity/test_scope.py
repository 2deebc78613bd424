"""What a scope admits, and what a caller may know of."""

import pytest

from jumphost.identity.scope import allows, sees, valid
from jumphost.model.identity import ANYTHING


@pytest.mark.parametrize(
    ("entry", "operation", "target", "login", "admits"),
    [
        ("exec:payments-db", "exec", "payments-db", "app", True),
        ("exec:payments-db", "exec", "payments-db", "postgres", True),
        ("exec:payments-db", "shell", "payments-db", "app", False),
        ("exec:payments-db", "exec", "payments-db2", "app", False),
        ("exec:payments-*", "exec", "payments-db", "app", True),
        ("exec:payments-db:app", "exec", "payments-db", "postgres", False),
        ("exec:*:app", "exec", "payments-db", "app", True),
        ("sftp.*:batch-[ab]", "sftp.read", "batch-a", "x", True),
        ("sftp.*:batch-[!ab]", "sftp.read", "batch-a", "x", False),
        ("exec:Payments-db", "exec", "payments-db", "app", False),
        ("exec", "exec", "payments-db", "app", False),
        ("exec:a:b:c", "exec", "a", "b", False),
        ("", "", "", "", False),
    ],
)
def test_one_entry(entry: str, operation: str, target: str, login: str, admits: bool) -> None:
    assert allows([[entry]], operation, target, login) is admits


def test_every_scope_must_admit_and_none_limits_nothing() -> None:
    assert allows([], "exec", "a", "root")
    assert allows([ANYTHING], "exec", "a", "root")
    assert not allows([[]], "exec", "a", "root")
    assert allows([["exec:*"], ["exec:b", "exec:a:root"]], "exec", "a", "root")
    assert not allows([["exec:a"], ["exec:b"]], "exec", "a", "root")


def test_a_target_is_seen_if_every_scope_names_it() -> None:
    assert sees([], "a")
    assert sees([["sftp.read:a:backup"]], "a")
    assert not sees([["exec:a"], ["exec:b"]], "a")
    assert not sees([["nonsense"]], "nonsense")


def test_what_an_entry_is() -> None:
    assert valid("exec:batch-*:postgres")
    for text in ("exec", "exec:", ":a", "exec:a:", "exec:a b", "exec:a\n", "EXEC:a", "exec:a/b"):
        assert not valid(text)
