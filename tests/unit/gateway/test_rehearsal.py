import pytest

from jumphost.clock import NS_PER_S, parse_rfc3339
from jumphost.config.load import SiteConfig
from jumphost.config.settings import CallerCA, Limits, Settings
from jumphost.errors import Code, Refused
from jumphost.gateway.rehearsal import Ask, submission
from jumphost.model.identity import ANYTHING, IdentityEntry
from jumphost.model.target import Target
from jumphost.policy import document
from jumphost.testing.clock import ManualClock

CONFIG = SiteConfig(
    settings=Settings(callers={"main": CallerCA(ca="ca.pub")}, limits=Limits(command_bytes=100)),
    identities={
        "order-service": IdentityEntry(owner="payments-team", groups=("payments",)),
        "narrow": IdentityEntry(owner="o", scope=("exec:payments-*:app",), match={"key_id": "narrow-ci"}),
        "nothing": IdentityEntry(owner="o", scope=()),
        "off": IdentityEntry(owner="o", enabled=False),
    },
    approvers={},
    targets={
        "payments-db": Target(name="payments-db", logins=("app", "postgres"), labels={"env": "prod"}, shell="bash"),
        "batch-host": Target(name="batch-host", logins=("batch",)),
    },
)


def ask(identity: str = "order-service", target: str = "payments-db", command: str = "uptime", **more: str) -> Ask:
    return Ask(identity, target, command, **more)


def test_it_is_what_a_login_would_have_brought() -> None:
    clock = ManualClock("2026-11-22T02:00:00Z")
    made = submission(ask(), CONFIG, clock)
    assert made.now_ns == clock.now_ns()
    assert (made.identity.name, made.identity.owner, made.identity.issuer) == ("order-service", "payments-team", "main")
    assert made.identity.groups == ("payments",)
    assert made.identity.scope == ANYTHING
    assert made.identity.certificate.principals == ("order-service",)
    valid = made.identity.certificate.valid_after, made.identity.certificate.valid_before
    assert parse_rfc3339(valid[0]) < made.now_ns < parse_rfc3339(valid[1])
    assert (made.target.login, made.target.labels, made.dialect) == ("app", {"env": "prod"}, "bash")
    assert (made.raw, made.stdin, made.stdin_mode) == (b"uptime", None, "closed")
    assert document.build(made).request.operation == "exec", "and a document can be made of it"


def test_login_time_and_input_are_those_that_are_asked_about() -> None:
    made = submission(ask(login="postgres", now="2026-01-02T03:04:05+01:00", stdin="é"), CONFIG, ManualClock())
    assert made.target.login == "postgres"
    assert made.now_ns == parse_rfc3339("2026-01-02T02:04:05Z")
    assert (made.stdin, made.stdin_mode) == ("é".encode(), "judge")
    binary = submission(ask(), CONFIG, ManualClock(), stdin=b"\xff")
    assert (binary.stdin, binary.stdin_mode) == (b"\xff", "judge")


def test_an_identity_is_named_as_its_certificates_name_it() -> None:
    made = submission(ask("narrow"), CONFIG, ManualClock())
    assert (made.identity.subject, made.identity.certificate.key_id) == ("narrow-ci", "narrow-ci")
    assert made.identity.scope == ("exec:payments-*:app",)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (ask("stranger"), Code.IDENTITY_UNKNOWN),
        (ask("off"), Code.IDENTITY_DISABLED),
        (ask(target="nowhere"), Code.TARGET_UNAVAILABLE),
        (ask("nothing"), Code.TARGET_UNAVAILABLE),
        (ask("narrow", target="batch-host"), Code.TARGET_UNAVAILABLE),
        (ask("narrow", login="postgres"), Code.IDENTITY_OUT_OF_SCOPE),
        (ask(login="root"), Code.TARGET_UNAVAILABLE),
        (ask(command="x" * 101), Code.REQUEST_INVALID),
        (ask(command="\ud800"), Code.REQUEST_INVALID),
        (ask(stdin="\ud800"), Code.REQUEST_INVALID),
        (ask(now="yesterday"), Code.REQUEST_INVALID),
        (ask(now="2026-01-01T00:00:00"), Code.REQUEST_INVALID),
    ],
)
def test_what_the_gateway_refuses_is_refused_here(question: Ask, code: Code) -> None:
    with pytest.raises(Refused) as caught:
        submission(question, CONFIG, ManualClock())
    assert caught.value.code is code


def test_each_question_is_a_request_of_its_own() -> None:
    clock = ManualClock()
    first, second = (submission(ask(), CONFIG, clock) for _ in range(2))
    assert first.id != second.id
    assert first.now_ns // NS_PER_S == second.now_ns // NS_PER_S
