"""The events of one session: what each of them says, and that all of them say whose they are."""

import pytest
from msgspec.structs import replace

from jumphost.command import stdin
from jumphost.command.facts import analyse
from jumphost.errors import Code, Refused
from jumphost.gateway.environment import Wishes
from jumphost.gateway.message import Ending
from jumphost.gateway.trail import MAX_NAME, Trail
from jumphost.gateway.veil import Veil
from jumphost.model.approval import Approval
from jumphost.model.decision import NOTHING, Decision, Judgement, Rule, Verdict, denied
from jumphost.model.event import Event, Kind, encode
from jumphost.model.lease import Lease
from jumphost.model.request import Facts
from jumphost.target.base import Exit
from jumphost.testing import decided
from jumphost.testing.gatehouse import ADDRESS, NAME, Gatehouse
from jumphost.testing.people import pending

DENIED = Decision("d", 1, denied(Code.POLICY_NO_RULE, "nothing matched"))


@pytest.fixture
async def trail(here: Gatehouse) -> Trail:
    return Trail(here.clock, "s", here.channel(raw=b"uptime"), Veil(), target="payments-db", login="app")


def only(trail: Trail) -> Event:
    [event] = trail.take()
    encode(event, log="gw", index=0)  # every event can be written
    return event


async def test_every_event_says_whose_it_is(here: Gatehouse, trail: Trail) -> None:
    event = trail.event(Kind.MASK_COUNT, "d", count=3)
    assert (event.session, event.decision, event.identity, event.target) == ("s", "d", NAME, "payments-db")
    assert (event.at_ns, event.data) == (here.clock.now_ns(), {"count": 3})
    assert len(event.connection) == 36


async def test_decided_with_standard_input(trail: Trail, here: Gatehouse) -> None:
    given = stdin.facts(b"df", analyse(b"bash"), mode="judge")
    asked = decided.request(here.standing.config, here.clock, command=analyse(b"bash"), stdin=given)
    trail.decided(decided.decision(asked, here.clock, stdin="judge"), (), dry_run=False)
    assert only(trail).data["stdin"] == {"as": "code", "bytes": 2, "sha256": given.sha256}


async def test_decided_on_a_secret(trail: Trail, here: Gatehouse) -> None:
    found = replace(analyse(b"login hunter2"), facts=Facts(secret_argv=("password",)))
    asked = decided.request(here.standing.config, here.clock, command=found)
    for effect, command in (("deny", ""), ("allow", "'login' hunter2")):
        trail.decided(decided.decision(asked, here.clock, effect), (), dry_run=False)  # type: ignore[arg-type]
        event = only(trail)
        assert (event.data["command"], event.data["secrets"]) == (command, ("password",))
        assert ("hunter2" in str(event.data)) == bool(command)


async def test_what_was_noted_is_taken_once_and_in_order(trail: Trail) -> None:
    trail.note(Kind.AUTH_OK)
    trail.note(Kind.SYSTEM_STOP)
    assert [event.kind for event in trail.take()] == [Kind.AUTH_OK, Kind.SYSTEM_STOP]
    assert trail.take() == ()


async def test_alerted(trail: Trail) -> None:
    trail.alerted(DENIED, "the site is down")
    event = only(trail)
    assert (event.kind, event.decision) == (Kind.COMMAND_ALERT, "d")
    assert event.data == {"code": "policy.no_rule", "login": "app", "purpose": "the site is down"}


async def test_opened(here: Gatehouse, trail: Trail) -> None:
    trail.opened()
    event = only(trail)
    assert event.kind is Kind.SESSION_OPEN
    assert (
        event.data
        | {
            "operation": "exec",
            "login": "app",
            "source": ADDRESS,
            "client": "SSH-2.0-test",
            "issuer": "main",
            "serial": "7",
            "key_id": NAME,
            "forced": False,
        }
        == event.data
    )
    assert event.data["ca"].startswith("SHA256:")


async def test_without_a_caller_there_is_no_identity(here: Gatehouse) -> None:
    channel = here.channel()
    channel.connection._caller = None
    trail = Trail(here.clock, "s", channel, Veil(), target="t", login="")
    trail.opened()
    event = only(trail)
    assert (event.identity, event.data["issuer"], event.data["serial"]) == ("", "", "")


@pytest.mark.parametrize(
    ("name", "kept"), [("a\nb\x1b", "a\\nb\\x1b"), ("x" * 300, "x" * MAX_NAME), ("\udcff", "?"), ("é", "\\xc3\\xa9")]
)
async def test_names_as_the_caller_wrote_them_are_made_harmless(here: Gatehouse, name: str, kept: str) -> None:
    trail = Trail(here.clock, "s", here.channel(), Veil(), target=name, login=name)
    trail.opened()
    event = only(trail)
    assert (event.target, event.data["login"]) == (kept, kept)


async def test_requested(trail: Trail) -> None:
    trail.requested(Wishes(purpose="p", correlation="c", dry_run=True), "postgres")
    event = only(trail)
    assert (event.kind, trail.login) == (Kind.COMMAND_REQUEST, "postgres")
    assert (
        event.data
        | {
            "login": "postgres",
            "purpose": "p",
            "correlation": "c",
            "bytes": 6,
            "dry_run": True,
        }
        == event.data
    )


async def test_decided(here: Gatehouse, trail: Trail) -> None:
    decision = decided.decision(decided.request(here.standing.config, here.clock), here.clock)
    given = Approval("h", "d", "approve", "alice", "fine", "then", "later", "signature")
    trail.decided(decision, (given,), dry_run=False)
    event, judgement = only(trail), decision.judgement
    assert (event.kind, event.decision) == (Kind.COMMAND_DECISION, decision.id)
    assert event.data == {
        "effect": "allow",
        "code": "test.rule",
        "message": "says the test",
        "rules": [{"id": "test.rule", "effect": "allow"}],
        "command": "'psql' -X -c 'select 1'",
        "request_digest": judgement.request_digest,
        "input_digest": judgement.input_digest,
        "revision": "0" * 64,
        "engine": "test",
        "approvals": [{"approver": "alice", "at": "then"}],
        "dry_run": False,
    }


async def test_decided_without_a_document(trail: Trail) -> None:
    trail.decided(DENIED, (), dry_run=True)
    data = only(trail).data
    assert (data["command"], data["rules"], data["code"], data["dry_run"]) == ("", [], "policy.no_rule", True)


async def test_losers_are_journalled_too(trail: Trail) -> None:
    rules = (Rule("a.deny", "deny"), Rule("b.allow", "allow"))
    trail.decided(Decision("d", 1, Judgement(Verdict("deny", rules, NOTHING), "a.deny", "no")), (), dry_run=False)
    assert [rule["id"] for rule in only(trail).data["rules"]] == ["a.deny", "b.allow"]


async def test_started_with_and_without_a_hold(here: Gatehouse, trail: Trail) -> None:
    hold = pending(here.clock)
    for given, expected in ((None, ""), (hold, hold.id)):
        trail.started(DENIED, given, "ssh")
        event = only(trail)
        assert (event.kind, event.decision, event.data["hold"], event.data["login"]) == (
            Kind.COMMAND_START, "d", expected, "app",
        )  # fmt: skip


async def test_issued_is_an_event_and_not_yet_noted(trail: Trail) -> None:
    event = trail.issued(DENIED, Lease("l", "ssh-certificate", "app@payments-db", 9, "7"), "stop")
    assert trail.take() == ()
    assert event.kind is Kind.CREDENTIAL_ISSUE
    assert event.data == {
        "lease": "l",
        "provider": "ssh-certificate",
        "subject": "app@payments-db",
        "serial": "7",
        "expires_ns": 9,
        "purpose": "stop",
    }


async def test_used_is_an_event_and_not_yet_noted(trail: Trail) -> None:
    event = trail.used(DENIED, "r")
    assert trail.take() == ()
    assert (event.kind, event.decision, event.data) == (Kind.CREDENTIAL_USE, "d", {"login": "r"})


async def test_exited(trail: Trail) -> None:
    trail.exited(DENIED, Exit(3, "TERM"), 12)
    event = only(trail)
    assert (event.kind, event.decision) == (Kind.COMMAND_EXIT, "d")
    assert event.data == {"status": 3, "signal": "TERM", "outcome": "exited", "dropped_input": 12}


async def test_cut(trail: Trail) -> None:
    trail.cut(DENIED, Ending("cut", Code.CALLER_GONE, "the caller left", 77, "d"), left=True)
    event = only(trail)
    assert event.kind is Kind.COMMAND_CUT
    assert event.data == {
        "code": "caller.gone",
        "message": "the caller left",
        "outcome": "caller_gone",
        "left": True,
    }


async def test_refused_keeps_the_detail(trail: Trail) -> None:
    trail.refused(Refused(Code.TARGET_UNAVAILABLE, "no such target", detail="out of scope"), "d")
    event = only(trail)
    assert (event.kind, event.decision) == (Kind.REQUEST_REFUSED, "d")
    assert event.data == {"code": "target.unavailable", "message": "no such target", "detail": "out of scope"}


async def test_closed_says_what_the_caller_is_told(trail: Trail) -> None:
    trail.closed(Ending("held", "a.b", "m", 75, "d", "h"))
    event = only(trail)
    assert (event.kind, event.decision) == (Kind.SESSION_CLOSE, "d")
    assert event.data == {"effect": "held", "code": "a.b", "status": 75, "outcome": "held"}
    trail.closed(Exit(7, "KILL"))
    assert only(trail).data == {"status": 7, "signal": "KILL"}


async def test_texts_of_others_are_noted_veiled(here: Gatehouse) -> None:
    trail = Trail(here.clock, "s", here.channel(), Veil(), target="t", login="")
    card = "4111111111111111"
    trail.requested(Wishes(purpose=f"pay {card}", correlation=f"id-{card}"), "app")
    trail.refused(Refused(Code.REQUEST_INVALID, f"got {card}", detail=f"it was {card}"), "d")
    told = [event.data for event in trail.take()]
    assert (told[0]["purpose"], told[1]["message"], told[1]["detail"]) == (
        "pay ****************",
        "got ****************",
        "it was ****************",
    )
