"""Commands on the gateway's own host: they have no certificate, and run only after the signer noted them."""

from pathlib import Path
from typing import Any

import pytest

from jumphost.command import forced
from jumphost.model.decision import Decision
from jumphost.signer.protocol import Answer, Check, Failed, Noted, UseTarget
from jumphost.testing import decided
from jumphost.testing.signing import SigningBench, new_public_line


@pytest.fixture
def bench(tmp_path: Path) -> SigningBench:
    """Its target payments-db is of kind process."""
    made = SigningBench.create(tmp_path)
    here = {"kind": "process", "logins": ["app"], "labels": {"env": "prod", "data": "payments"}}
    made.rewrite(made.site.targets, lambda entries: entries.update({"payments-db": here}))
    return made


def decision(bench: SigningBench, effect: Any = "allow", **changes: Any) -> Decision:
    return decided.decision(bench.request(**changes), bench.clock, effect)


def noted(bench: SigningBench, made: Decision, login: str = "") -> Answer:
    return bench.ask(UseTarget(made, (), login))


def why(given: Answer) -> str:
    assert isinstance(given, Failed)
    return given.message


def test_it_is_on_record_with_what_runs(bench: SigningBench) -> None:
    request = bench.request()
    made = decided.decision(request, bench.clock)
    assert noted(bench, made) == Noted()
    record = bench.records.since(0)[-1]
    assert (record.kind, record.login, record.decision) == ("process", "", made.id)
    assert record.line == forced.pinned(
        request.command.canonical, request=request.id, env={}, shell="sh", timeout_s=None
    )


def test_a_decision_runs_once_also_after_a_restart(bench: SigningBench) -> None:
    made = decision(bench)
    assert noted(bench, made) == Noted()
    assert "has had its run" in why(noted(bench, made))
    bench.stop()
    bench.start()
    assert "has had its run" in why(noted(bench, made))


def test_what_may_not_run_is_not_noted(bench: SigningBench) -> None:
    assert "got a denial" in why(noted(bench, decision(bench, "deny")))
    assert "do not meet the terms" in why(noted(bench, decision(bench, "hold")))
    made = decision(bench)
    bench.clock.advance(61)
    assert "s old" in why(noted(bench, made))


@pytest.mark.parametrize("purpose", ["run", "stop", "TERM"])
def test_there_is_no_certificate_for_it(bench: SigningBench, purpose: str) -> None:
    made = decision(bench)
    noted(bench, made)
    asked = bench.sign_target(made, purpose=purpose)
    assert "expected none: it is a target of kind process" in why(bench.ask(asked))
    check = Check(target="payments-db", login="app", address="10.0.0.7", public_key=new_public_line())
    assert "expected none: it is a target of kind process" in why(bench.ask(check))


def test_it_opens_no_login_for_others(bench: SigningBench) -> None:
    request = bench.request()
    noted(bench, decided.decision(request, bench.clock))
    again = decision(bench, connection=request.connection)
    assert "expected one a command" in why(noted(bench, again, request.id))


def test_a_target_of_kind_ssh_never_runs_without_a_login(tmp_path: Path) -> None:
    bench = SigningBench.create(tmp_path)
    assert "without a login, expected one: its kind is ssh" in why(noted(bench, decision(bench)))
