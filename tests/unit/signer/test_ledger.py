"""How often something may be signed."""

import pytest

from jumphost.errors import Code, Refused
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
