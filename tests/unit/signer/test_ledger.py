"""How often something may be signed."""

import pytest

from jumphost.errors import Code, Refused
from jumphost.model.target import LOGIN_LIFE_S
from jumphost.signer.ledger import HOLD_LIFE_S, MAX_AFTER, Ledger
from jumphost.signer.log import Record


def run(at: int = 0, decision: str = "d1", **changes: object) -> Record:
    return Record(**{"at": at, "kind": "run", "decision": decision, "input_digest": "x", "until": at + 100, **changes})  # type: ignore[arg-type]


def refused(ledger: Ledger, record: Record) -> str:
    with pytest.raises(Refused) as caught:
        ledger.claim(record)
    assert caught.value.code is Code.SIGNER_REFUSED
    return caught.value.message


def test_one_run_a_decision() -> None:
    ledger = Ledger()
    ledger.claim(run())
    assert "has had its run certificate" in refused(ledger, run())
    assert "has had its run certificate" in refused(ledger, run(input_digest="y"))
    ledger.claim(run(decision="d2"))


def test_one_run_a_hold_for_as_long_as_its_terms_may_last() -> None:
    ledger = Ledger()
    ledger.claim(run(hold="h"))
    assert "approvals of the hold h were used" in refused(ledger, run(decision="d2", hold="h"))
    assert "were used" in refused(ledger, run(at=HOLD_LIFE_S - 1, decision="d2", hold="h"))
    ledger.claim(run(at=HOLD_LIFE_S, decision="d2", hold="h"))


def test_follow_ups_need_their_run_and_are_few() -> None:
    ledger = Ledger()
    stop = run(kind="stop")
    assert "no run certificate to follow up" in refused(ledger, stop)
    ledger.claim(run())
    assert "no run certificate to follow up" in refused(ledger, run(kind="stop", input_digest="y"))
    for number in range(MAX_AFTER):
        ledger.claim(run(kind="stop" if number % 2 else "signal"))
    assert f"has had {MAX_AFTER} logins" in refused(ledger, stop)


def test_a_credential_is_delivered_once_and_before_the_run() -> None:
    ledger = Ledger()
    delivery = run(kind="deliver")
    ledger.claim(delivery)
    assert "has had its credential" in refused(ledger, delivery)
    assert "has had its run certificate" in refused(ledger, run(input_digest="y"))
    ledger.claim(run())
    assert "has had its run certificate" in refused(ledger, run())
    assert "has had its credential or its run" in refused(ledger, delivery)


def test_what_was_delivered_can_be_taken_away_though_nothing_ran() -> None:
    ledger = Ledger()
    ledger.claim(run(kind="deliver"))
    ledger.claim(run(kind="stop"))
    assert "no run certificate to follow up" in refused(ledger, run(kind="stop", input_digest="y"))


def opening(at: int = 0, **changes: object) -> Record:
    """A run whose login serves the connection c."""
    return run(at, **{"decision": "first", "key_id": "jumphost:r1:job", "connection": "c", "principal": "p", **changes})


def using(at: int = 1, **changes: object) -> Record:
    later = {"kind": "use", "decision": "d2", "key_id": "jumphost:r2:job", "login": "r1"}
    return opening(at, **{**later, **changes})


def test_a_decision_is_used_once_on_a_login() -> None:
    ledger = Ledger()
    ledger.claim(opening())
    ledger.claim(using())
    ledger.claim(run(kind="stop", decision="d2"))
    assert "has had its run" in refused(ledger, using())
    assert "has had its run" in refused(ledger, run(decision="d2"))
    assert "has had its run" in refused(ledger, using(decision="first"))
    ledger.claim(using(decision="d3", hold="h"))
    assert "were used" in refused(ledger, using(decision="d4", hold="h"))


@pytest.mark.parametrize(
    "changes",
    [{"connection": "other"}, {"key_id": "jumphost:r2:other"}, {"principal": "other"}, {"login": "r2"}, {"login": ""}],
)
def test_a_login_serves_one_connection_caller_and_principal(changes: dict[str, str]) -> None:
    ledger = Ledger()
    ledger.claim(opening())
    assert "opened no login for this connection" in refused(ledger, using(**changes))
    ledger.claim(using())


def test_a_login_of_one_command_serves_nothing_else() -> None:
    ledger = Ledger()
    ledger.claim(opening(connection=""))
    assert "opened no login" in refused(ledger, using(connection=""))


def test_a_login_is_used_for_an_hour() -> None:
    ledger = Ledger()
    ledger.claim(opening(until=1))
    ledger.claim(using(LOGIN_LIFE_S - 1))
    assert "opened no login" in refused(ledger, using(LOGIN_LIFE_S, decision="d3"))


def test_a_decision_is_forgotten_when_its_time_is_over() -> None:
    ledger = Ledger()
    ledger.claim(run(until=50))
    ledger.claim(run(kind="stop", at=49))
    assert "no run certificate" in refused(ledger, run(kind="stop", at=50))


def test_callers_and_checks_are_not_counted() -> None:
    ledger = Ledger()
    for kind in ("caller", "check", "refused", "start") * 2:
        ledger.claim(run(kind=kind))


def test_what_is_recalled_counts_and_never_stops_a_start() -> None:
    ledger = Ledger()
    ledger.recall(run(kind="stop"))
    ledger.recall(run())
    ledger.recall(run())
    assert "has had its run certificate" in refused(ledger, run())
