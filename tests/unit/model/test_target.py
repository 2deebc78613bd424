"""Where commands run."""

import msgspec
import pytest

from jumphost.model.target import Sandbox, Target


def test_a_principal_opens_one_login_of_one_target() -> None:
    here, there = Target("payments-db", ("app", "postgres")), Target("batch-host", ("app",))
    assert here.principal("app") == "app@payments-db"
    assert len({here.principal("app"), here.principal("postgres"), there.principal("app")}) == 3


def test_the_least_an_entry_says() -> None:
    target = msgspec.convert({"name": "a", "logins": ["app"]}, Target)
    assert (target.kind, target.port, target.shell, target.mode, target.passthrough) == (
        "ssh",
        22,
        "sh",
        "command",
        False,
    )


@pytest.mark.parametrize("wrong", [{"kind": "telnet"}, {"shell": "fish"}, {"mode": "open"}, {"hosts": "x"}])
def test_an_entry_is_strict(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "a", "logins": ["app"], **wrong}, Target)


def test_a_sandbox_is_bound_unless_it_says_otherwise() -> None:
    target = msgspec.convert({"name": "a", "logins": ["app"], "kind": "process"}, Target)
    assert target.sandbox == Sandbox(processes=64, memory_bytes=2 << 30, tmp_bytes=64 << 20)


@pytest.mark.parametrize("wrong", [{"processes": 0}, {"memory_bytes": 1}, {"unknown": 1}, {"read": "/opt"}])
def test_a_wrong_sandbox(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "a", "logins": ["app"], "sandbox": wrong}, Target)
