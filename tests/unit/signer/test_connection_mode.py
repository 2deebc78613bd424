"""Certificates without a forced command, and the commands that run on the logins they open."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.command import forced
from jumphost.model.decision import Decision
from jumphost.model.target import LOGIN_LIFE_S
from jumphost.signer.protocol import Answer, Failed, Issued, Noted, UseTarget
from jumphost.testing import decided
from jumphost.testing.signing import SigningBench

CONNECTION = "01980000-0000-7000-8000-000000000001"


@pytest.fixture
def bench(tmp_path: Path) -> SigningBench:
    """Its target payments-db is of mode connection."""
    made = SigningBench.create(tmp_path)
    made.rewrite(made.site.targets, lambda entries: entries["payments-db"].update(mode="connection"))
    return made


def decision(bench: SigningBench, effect: Any = "allow", **changes: Any) -> Decision:
    return decided.decision(bench.request(**{"connection": CONNECTION, **changes}), bench.clock, effect)


def opened(bench: SigningBench, **changes: Any) -> str:
    """The request that opened a login."""
    request = bench.request(**{"connection": CONNECTION, **changes})
    asked = bench.sign_target(decided.decision(request, bench.clock), mode="connection")
    assert isinstance(bench.ask(asked), Issued)
    return request.id


def used(bench: SigningBench, login: str, made: Decision | None = None) -> Answer:
    return bench.ask(UseTarget(made or decision(bench), (), login))


def why(given: Answer) -> str:
    assert isinstance(given, Failed)
    return given.message


def test_the_log_says_that_it_had_no_forced_command_and_what_was_to_run(bench: SigningBench) -> None:
    request = bench.request()
    bench.ask(bench.sign_target(decided.decision(request, bench.clock), mode="connection"))
    (record,) = [record for record in bench.records.since(0) if record.kind == "run"]
    assert record.critical == {"source-address": "10.0.0.7"}
    assert record.connection == request.connection
    assert record.line == forced.pinned(
        request.command.canonical, request=request.id, env={}, shell="sh", timeout_s=None
    )


def test_a_target_of_mode_command_never_has_a_login_without_one(bench: SigningBench) -> None:
    login = opened(bench)
    bench.rewrite(bench.site.targets, lambda entries: entries["payments-db"].pop("mode"))
    asked = bench.sign_target(decision(bench), mode="connection")
    assert "its mode is command" in why(bench.ask(asked))
    assert "its mode is command" in why(used(bench, login))


def test_a_run_that_asks_for_a_forced_command_has_one(bench: SigningBench) -> None:
    assert isinstance(bench.ask(bench.sign_target(decision(bench))), Issued)
    assert "force-command" in bench.records.since(0)[-1].critical


@pytest.mark.parametrize("purpose", ["stop", "TERM"])
def test_what_follows_a_run_has_its_forced_command(bench: SigningBench, purpose: str) -> None:
    made = decision(bench)
    bench.ask(bench.sign_target(made, mode="connection"))
    assert isinstance(bench.ask(bench.sign_target(made, purpose=purpose, mode="connection")), Issued)
    assert "force-command" in bench.records.since(0)[-1].critical


def test_a_use_is_on_record_and_can_be_stopped(bench: SigningBench) -> None:
    login, made = opened(bench), decision(bench)
    assert used(bench, login, made) == Noted()
    record = bench.records.since(0)[-1]
    assert (record.kind, record.login, record.decision) == ("use", login, made.id)
    assert "select 1" in record.line
    assert isinstance(bench.ask(bench.sign_target(made, purpose="stop")), Issued)


def test_a_decision_runs_once_by_whatever_way(bench: SigningBench) -> None:
    login, made = opened(bench), decision(bench)
    assert used(bench, login, made) == Noted()
    assert "has had its run" in why(used(bench, login, made))
    assert "has had its run" in why(bench.ask(bench.sign_target(made)))


def test_a_denied_or_old_decision_runs_on_no_login(bench: SigningBench) -> None:
    login = opened(bench)
    assert "got a denial" in why(used(bench, login, decision(bench, "deny")))
    assert "do not meet the terms" in why(used(bench, login, decision(bench, "hold")))
    made = decision(bench)
    bench.clock.advance(61)
    assert "s old" in why(used(bench, login, made))


def test_nobody_else_runs_on_a_login(bench: SigningBench) -> None:
    login = opened(bench)
    assert "opened no login for this connection" in why(used(bench, login, decision(bench, connection="another")))
    elsewhere = replace(bench.request().target, login="postgres")
    assert "opened no login" in why(used(bench, login, decision(bench, target=elsewhere)))
    assert "opened no login" in why(used(bench, "01980000-0000-7000-8000-000000000000"))


def test_a_login_is_known_after_a_restart_and_forgotten_after_its_life(bench: SigningBench) -> None:
    login = opened(bench)
    bench.stop()
    bench.start()
    assert used(bench, login) == Noted()
    bench.clock.advance(LOGIN_LIFE_S)
    assert "opened no login" in why(used(bench, login))
