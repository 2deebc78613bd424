"""Where commands run."""

import msgspec
import pytest

from jumphost.model.target import Target


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
