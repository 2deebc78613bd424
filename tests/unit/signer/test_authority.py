"""What the signer signs, and each reason for which it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.clock import NS_PER_S
from jumphost.command import forced, leased, stdin
from jumphost.command.facts import analyse
from jumphost.errors import Code, Refused
from jumphost.model.approval import Approval, Term
from jumphost.model.decision import CredentialTerms, Decision, Limits
from jumphost.model.request import ApprovalView, Command, Request, Stdin, TargetView, decode, input_digest
from jumphost.signer import authority
from jumphost.signer.draft import Draft
from jumphost.signer.protocol import Check, SignTarget, UseTarget
from jumphost.testing import decided
from jumphost.testing.signing import SigningBench, new_public_line

DBA = Term(groups=("dba",), count=1, ttl_s=3600)
BOTH = (DBA, Term(groups=("security",), count=1, ttl_s=3600))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> SigningBench:
    """One for all: what is asked here changes nothing."""
    return SigningBench.create(tmp_path_factory.mktemp("authority"))


def draft(bench: SigningBench, asked: SignTarget) -> Draft:
    return authority.target(asked, bench.config, bench.clock.now_ns())


def refused(bench: SigningBench, asked: SignTarget) -> str:
    with pytest.raises(Refused) as caught:
        draft(bench, asked)
    assert caught.value.code is Code.SIGNER_REFUSED
    return caught.value.message


def test_an_allowed_request_gets_the_login_it_was_decided_for(bench: SigningBench) -> None:
    request = bench.request(env={"TZ": "UTC", "LANG": "C"})
    decision = decided.decision(request, bench.clock, env=("TZ", "ABSENT"), limits=Limits(timeout_s=90))
    made = draft(bench, bench.sign_target(decision))
    now = bench.clock.now_ns() // NS_PER_S
    assert (made.ca, made.kind, made.principal) == ("target", "run", "app@payments-db")
    assert made.key_id == f"jumphost:{request.id}:order-service"
    assert (made.valid_after, made.valid_before) == (now - 30, now + 60)
    assert made.extensions == {}
    assert made.critical == {
        "source-address": "10.0.0.7",
        "force-command": forced.pinned(
            "'psql' -X -c 'select 1'", request=request.id, env={"TZ": "UTC"}, shell="sh", timeout_s=90
        ),
    }
    assert made.until == now + 90 + authority.STOP_GRACE_S


@pytest.mark.parametrize(
    ("given", "seen"), [("::ffff:10.0.0.7", "10.0.0.7"), ("fe80::1%eth0", "fe80::1"), ("::1", "::1")]
)
def test_the_certificate_is_bound_to_the_address(bench: SigningBench, given: str, seen: str) -> None:
    asked = bench.sign_target(decided.decision(bench.request(), bench.clock), address=given)
    assert draft(bench, asked).critical["source-address"] == seen


def test_behind_nat_it_is_bound_to_what_the_target_sees(tmp_path: Path) -> None:
    bench = SigningBench.create(tmp_path)
    seen = ["192.0.2.0/28", "198.51.100.7"]
    bench.rewrite(bench.site.targets, lambda entries: entries["payments-db"].update(source_address=seen))
    asked = bench.sign_target(decided.decision(bench.request(), bench.clock))
    assert draft(bench, asked).critical["source-address"] == "192.0.2.0/28,198.51.100.7"


def test_a_structured_text_that_people_approved_runs_as_it_was_sent(bench: SigningBench) -> None:
    asked = approved(bench, command=analyse(b"ls $(pwd)"))
    assert "'ls $(pwd)'" in draft(bench, asked).critical["force-command"]


@pytest.mark.parametrize(("text", "data"), [(b"cat", b"\xff"), (b"bash", b"df -h\n")])
def test_standard_input_that_was_judged_is_signed_for(bench: SigningBench, text: bytes, data: bytes) -> None:
    request = bench.request(command=line(text), stdin=given(data, text))
    made = draft(bench, bench.sign_target(decided.decision(request, bench.clock, stdin="judge")))
    assert f"'{text.decode()}'" in made.critical["force-command"]


def test_code_on_standard_input_that_people_approved_is_signed_for(bench: SigningBench) -> None:
    request = bench.request(command=analyse(b"bash"), stdin=given(b"a $(b)", b"bash"))
    decision = decided.decision(request, bench.clock, "hold", terms=(DBA,), stdin="judge")
    assert draft(bench, bench.sign_target(decision, bench.approval(request, "alice"))).kind == "run"
    other = bench.request(id=request.id, command=analyse(b"bash"), stdin=given(b"a $(c)", b"bash"))
    decision = decided.decision(other, bench.clock, "hold", terms=(DBA,), stdin="judge")
    assert "on something else" in refused(bench, bench.sign_target(decision, bench.approval(request, "alice")))


def test_a_login_for_a_connection_has_no_forced_command_where_the_signer_knows_of_one(tmp_path: Path) -> None:
    bench = SigningBench.create(tmp_path)
    request = bench.request()
    asked = bench.sign_target(decided.decision(request, bench.clock), mode="connection")
    use = UseTarget(asked.decision, (), "opened")
    assert "its mode is command" in refused(bench, asked)
    with pytest.raises(Refused, match="its mode is command"):
        authority.use(use, bench.config, bench.clock.now_ns())
    bench.rewrite(bench.site.targets, lambda entries: entries["payments-db"].update(mode="connection"))
    made, used = draft(bench, asked), authority.use(use, bench.config, bench.clock.now_ns())
    assert made.critical == {"source-address": "10.0.0.7"}
    assert made.line == used.line == authority.run_line(request, asked.decision.obligations, "sh")
    assert made.connection == used.connection == request.connection
    assert (used.kind, used.login, used.principal) == ("use", "opened", made.principal)


def test_stop_and_signals_have_their_own_commands(bench: SigningBench) -> None:
    request = bench.request()
    decision = decided.decision(request, bench.clock)
    stop, signal = (draft(bench, bench.sign_target(decision, purpose=purpose)) for purpose in ("stop", "TERM"))
    assert (stop.kind, stop.critical["force-command"]) == ("stop", forced.stop(request.id))
    assert (signal.kind, signal.critical["force-command"]) == ("signal", forced.signal(request.id, "TERM"))


def test_what_runs_can_be_stopped_though_time_went_by_and_files_changed(tmp_path: Path) -> None:
    bench = SigningBench.create(tmp_path)
    decision = decided.decision(bench.request(), bench.clock)
    bench.site.targets.write_text("{}\n")
    bench.site.identities.write_text("{}\n")
    bench.clock.advance(86_400)
    made = draft(bench, bench.sign_target(decision, purpose="stop"))
    assert (made.principal, made.critical["source-address"]) == ("app@payments-db", "10.0.0.7")


@pytest.fixture
def lending(tmp_path: Path) -> SigningBench:
    """A site that has a credential to lend."""
    bench = SigningBench.create(tmp_path)
    (bench.site.root / "keys/db").write_text("keeper:secret\n")
    (bench.site.root / "keys/db").chmod(0o600)
    place = {"kind": "postgres", "host": "/run/postgresql", "database": "bank", "admin": "keys/db", "template": "ro"}
    bench.rewrite(
        bench.site.settings,
        lambda settings: settings.update(credentials={"db": {**place, "delivery": ["proxy", "file"]}}),
    )
    return bench


def lent(bench: SigningBench, delivery: Any, **changes: Any) -> SignTarget:
    decision = decided.decision(bench.request(), bench.clock, credential=CredentialTerms("db", 60, delivery))
    return bench.sign_target(decision, **changes)


def test_a_run_with_a_socket_may_ask_for_it_and_says_where_it_is(lending: SigningBench) -> None:
    asked = lent(lending, "proxy")
    made, request = draft(lending, asked), decode(asked.decision.judgement.document)
    assert made.extensions == {"permit-port-forwarding": b""}
    line = made.critical["force-command"]
    assert " PGHOST='/tmp' " in line
    assert f" PGREQUIREPEER='{request.target.login}' " in line
    assert " PGDATABASE='bank' " in line


def test_nothing_else_may_have_a_socket(lending: SigningBench) -> None:
    for asked in (
        lent(lending, "proxy", purpose="stop"),
        lent(lending, "file"),
        lent(lending, "file", purpose="deliver"),
        lending.sign_target(decided.decision(lending.request(), lending.clock)),
    ):
        assert draft(lending, asked).extensions == {}


def test_a_file_is_delivered_by_a_command_of_its_own_for_the_run_that_reads_it(lending: SigningBench) -> None:
    asked = lent(lending, "file", purpose="deliver")
    request = decode(asked.decision.judgement.document)
    made = draft(lending, asked)
    assert (made.kind, made.critical["force-command"]) == ("deliver", forced.deliver(request.id))
    run = draft(lending, replace(asked, purpose="run"))
    assert f" PGSERVICEFILE='{leased.file(request.id)}' " in run.critical["force-command"]


def test_clients_of_mariadb_are_told_the_folder_of_their_file(lending: SigningBench) -> None:
    place = {"kind": "mariadb", "host": "/run/mysqld.sock", "admin": "keys/db", "template": "ro", "delivery": ["file"]}
    lending.rewrite(lending.site.settings, lambda settings: settings.update(credentials={"db": place}))
    asked = lent(lending, "file")
    request = decode(asked.decision.judgement.document)
    assert f" MYSQL_HOME='{leased.folder(request.id)}' " in draft(lending, asked).critical["force-command"]


def test_what_is_no_database_is_told_its_file(lending: SigningBench) -> None:
    place = {"kind": "rabbitmq", "host": "127.0.0.1", "admin": "keys/db", "template": "ro"}
    lending.rewrite(lending.site.settings, lambda settings: settings.update(credentials={"db": place}))
    asked = lent(lending, "file")
    request = decode(asked.decision.judgement.document)
    assert f" JUMPHOST_CREDENTIAL_FILE='{leased.file(request.id)}' " in draft(lending, asked).critical["force-command"]


def test_what_may_not_be_lent(lending: SigningBench) -> None:
    assert "a decision on proxy" in refused(lending, lent(lending, "proxy", purpose="deliver"))
    plain = decided.decision(lending.request(), lending.clock)
    assert "a decision on no credential" in refused(lending, lending.sign_target(plain, purpose="deliver"))
    assert "by env" in refused(lending, lent(lending, "env"))
    other = decided.decision(lending.request(), lending.clock, credential=CredentialTerms("other", 60))
    assert "does not have: other" in refused(lending, lending.sign_target(other))
    late = lent(lending, "file", purpose="deliver")
    lending.clock.advance(61)
    assert "a decision 61 s old" in refused(lending, late)


def test_nothing_is_lent_to_a_login_that_commands_share(lending: SigningBench) -> None:
    lending.rewrite(lending.site.targets, lambda entries: entries["payments-db"].update(mode="connection"))
    assert "whose mode is connection" in refused(lending, lent(lending, "proxy", mode="connection"))
    use = UseTarget(lent(lending, "file").decision, (), "opened")
    with pytest.raises(Refused, match="whose mode is connection"):
        authority.use(use, lending.config, lending.clock.now_ns())


Change = Callable[[SigningBench], SignTarget]


def judged(bench: SigningBench, change: Callable[[Decision], Decision], **request: Any) -> SignTarget:
    return bench.sign_target(change(decided.decision(bench.request(**request), bench.clock)))


def approved(bench: SigningBench, **request: Any) -> SignTarget:
    """For a request that a person approved."""
    asked = bench.request(**request)
    decision = decided.decision(asked, bench.clock, "hold", terms=(DBA,))
    return bench.sign_target(decision, bench.approval(asked, "alice"))


def with_judgement(**changes: Any) -> Callable[[Decision], Decision]:
    return lambda decision: replace(decision, judgement=replace(decision.judgement, **changes))


def tampered(decision: Decision) -> Decision:
    """Another command in the document, after the decision."""
    document = decision.judgement.document.replace(b"select 1", b"select 2")
    assert document != decision.judgement.document
    return replace(decision, judgement=replace(decision.judgement, document=document))


def tampered_with_digest(decision: Decision) -> Decision:
    changed = tampered(decision)
    digest = input_digest(changed.judgement.document)
    return replace(changed, judgement=replace(changed.judgement, input_digest=digest))


def line(text: bytes) -> Command:
    """A command as a document has it: its standard input is judged, or closed, and hides nothing."""
    return stdin.seen(analyse(text), Stdin())


def given(data: bytes, text: bytes = b"cat") -> Stdin:
    return stdin.facts(data, analyse(text), mode="judge")


def with_other_input(decision: Decision) -> Decision:
    """Another digest of standard input in the document, after the decision, and the document's own digest made anew."""
    judgement = decision.judgement
    was, now = (given(data).sha256.encode() for data in (b"data", b"dato"))
    document = judgement.document.replace(was, now)
    assert document != judgement.document
    return replace(decision, judgement=replace(judgement, document=document, input_digest=input_digest(document)))


def view(bench: SigningBench, **changes: Any) -> TargetView:
    return replace(bench.request().target, **changes)


REFUSALS: dict[str, tuple[str, Change]] = {
    "document changed": ("input digest", lambda b: judged(b, tampered)),
    "document and its digest changed": ("request digest", lambda b: judged(b, tampered_with_digest)),
    "input digest changed": ("input digest", lambda b: judged(b, with_judgement(input_digest="0" * 64))),
    "request digest changed": ("request digest", lambda b: judged(b, with_judgement(request_digest="0" * 64))),
    "no document": ("document or decision that is none", lambda b: judged(b, with_judgement(document=b""))),
    "document of more": (
        "document or decision that is none",
        lambda b: judged(b, lambda d: with_judgement(document=d.judgement.document[:-1] + b',"x":1}')(d)),
    ),
    "nested document": (
        "document or decision that is none",
        lambda b: judged(b, with_judgement(document=b"[" * 10_000)),
    ),
    "decision without an id": ("document or decision that is none", lambda b: judged(b, lambda d: replace(d, id="7"))),
    "old decision": ("61 s old", lambda b: judged(b, lambda d: replace(d, at_ns=d.at_ns - 61 * NS_PER_S))),
    "decision of the future": ("-6 s old", lambda b: judged(b, lambda d: replace(d, at_ns=d.at_ns + 6 * NS_PER_S))),
    "denial": ("got a denial", lambda b: b.sign_target(decided.decision(b.request(), b.clock, "deny"))),
    "unknown identity": (
        "got identity 'ghost'",
        lambda b: judged(b, lambda d: d, identity=replace(b.request().identity, name="ghost")),
    ),
    "another owner": (
        "with its owner",
        lambda b: judged(b, lambda d: d, identity=replace(b.request().identity, owner="me")),
    ),
    "unknown target": ("got 'app' on 'x'", lambda b: judged(b, lambda d: d, target=view(b, name="x"))),
    "another's login": (
        "got 'batch' on 'payments-db'",
        lambda b: judged(b, lambda d: d, target=view(b, login="batch")),
    ),
    "root": ("got 'root' on 'payments-db'", lambda b: judged(b, lambda d: d, target=view(b, login="root"))),
    "other labels": ("other labels", lambda b: judged(b, lambda d: d, target=view(b, labels={"env": "dev"}))),
    "other kind": ("another kind", lambda b: judged(b, lambda d: d, target=view(b, kind="process"))),
    "not an exec": ("got operation 'shell'", lambda b: judged(b, lambda d: d, operation="shell")),
    "unparsed": ("tier 'unparsed'", lambda b: judged(b, lambda d: d, command=analyse(b"a 'b"))),
    "structured, by rule alone": ("tier 'structured'", lambda b: judged(b, lambda d: d, command=analyse(b"a $(b)"))),
    "opaque, by rule alone": ("not known as written", lambda b: judged(b, lambda d: d, command=analyse(b"make x"))),
    "dynamic, by rule alone": (
        "not known as written",
        lambda b: judged(b, lambda d: d, command=analyse(b"sh -c 'a $b'")),
    ),
    "structured, for another shell": (
        "read as 'bash'",
        lambda b: approved(b, command=analyse(b"a $(b)", dialect="bash")),
    ),
    "other standard input than was judged": (
        "request digest",
        lambda b: judged(b, with_other_input, stdin=given(b"data")),
    ),
    "standard input that nobody looked at": (
        "other standard input",
        lambda b: b.sign_target(decided.decision(b.request(), b.clock, stdin="judge")),
    ),
    "code on standard input that nobody looked at": (
        "got code on standard input that nobody looked at",
        lambda b: b.sign_target(decided.decision(b.request(command=line(b"bash")), b.clock, stdin="stream")),
    ),
    "standard input that the decision does not hand on": (
        "other standard input",
        lambda b: b.sign_target(decided.decision(b.request(stdin=given(b"data")), b.clock, stdin="stream")),
    ),
    "code on standard input, by rule alone": (
        "got code on standard input",
        lambda b: b.sign_target(
            decided.decision(b.request(command=line(b"bash"), stdin=given(b"a $(b)", b"bash")), b.clock, stdin="judge")
        ),
    ),
    "no UUID": ("expected a UUID", lambda b: judged(b, lambda d: d, id="'; rm -rf /; '")),
    "no address": (
        "got the address '0.0.0.0/0'",
        lambda b: b.sign_target(decided.decision(b.request(), b.clock), address="0.0.0.0/0"),
    ),
    "a name for an address": (
        "got the address '*'",
        lambda b: b.sign_target(decided.decision(b.request(), b.clock), address="*"),
    ),
    "unknown signal": (
        "got the signal 'STOP'",
        lambda b: b.sign_target(decided.decision(b.request(), b.clock), purpose="STOP"),
    ),
    "no key": ("base64", lambda b: b.sign_target(decided.decision(b.request(), b.clock), public_key="x y")),
    "an environment that changes the meaning": (
        "expected names that a policy may grant",
        lambda b: b.sign_target(decided.decision(b.request(env={"LD_PRELOAD": "x"}), b.clock, env=("LD_PRELOAD",))),
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_target_certificate_is_refused(bench: SigningBench, name: str) -> None:
    says, made = REFUSALS[name]
    assert says in refused(bench, made(bench))


# Holds


def held(bench: SigningBench, *people: Callable[[Request], Approval], terms: tuple[Term, ...] = (DBA,)) -> SignTarget:
    request = bench.request()
    decision = decided.decision(request, bench.clock, "hold", terms=terms)
    return bench.sign_target(decision, *(give(request) for give in people))


def by(bench: SigningBench, approver: str, **changes: Any) -> Callable[[Request], Approval]:
    return lambda request: bench.approval(request, approver, **{"hold": HOLD, **changes})


HOLD = "01a00000-0000-7000-8000-000000000001"


@pytest.mark.parametrize("age_s", [-5, 60])
def test_a_decision_is_fresh_up_to_its_last_moment(bench: SigningBench, age_s: int) -> None:
    asked = bench.sign_target(decided.decision(bench.request(), bench.clock))
    made = replace(asked.decision, at_ns=bench.clock.now_ns() - age_s * NS_PER_S)
    assert draft(bench, replace(asked, decision=made)).kind == "run"


def test_an_approval_holds_from_its_first_moment_for_a_clock_that_is_ahead(bench: SigningBench) -> None:
    at = "2026-11-22T02:00:05Z"
    assert draft(bench, held(bench, by(bench, "alice", at=at))).hold == HOLD


def test_a_hold_runs_with_the_people_it_asks_for(bench: SigningBench) -> None:
    assert draft(bench, held(bench, by(bench, "alice"))).hold == HOLD
    assert draft(bench, held(bench, by(bench, "alice"), by(bench, "bob"), terms=BOTH)).kind == "run"
    assert draft(bench, held(bench, by(bench, "alice"), by(bench, "carol"), terms=BOTH)).kind == "run"


@pytest.mark.parametrize(
    ("people", "terms", "says"),
    [
        ([], (DBA,), "0 approvals that do not meet the terms"),
        ([("bob", {})], (DBA,), "1 approvals that do not meet the terms"),
        ([("carol", {})], BOTH, "1 approvals that do not meet the terms"),
        ([("carol", {}), ("carol", {})], BOTH, "2 approvals that do not meet the terms"),
        ([("alice", {"groups": ("security",)}), ("alice", {})], BOTH, "2 approvals that do not meet the terms"),
        ([("alice", {"verdict": "reject"})], (DBA,), "expected an approval of this request"),
        ([("alice", {"request_digest": "0" * 64})], (DBA,), "expected an approval of this request"),
        ([("alice", {"not_after": "2026-11-22T02:00:00Z"})], (DBA,), "expected one that holds now"),
        ([("alice", {"at": "2026-11-22T02:00:06Z"})], (DBA,), "expected one that holds now"),
        ([("alice", {"not_after": "tomorrow"})], (DBA,), "without its times"),
        ([("alice", {"signer": "bob"})], (DBA,), "which is no key of alice"),
        ([("mallory", {"signer": "bob"})], (DBA,), "expected an approver who is neither owner nor caller"),
        ([("alice", {}), ("bob", {"hold": "another"})], BOTH, "approvals of several holds"),
    ],
)
def test_a_hold_is_refused(
    bench: SigningBench, people: list[tuple[str, dict[str, Any]]], terms: tuple[Term, ...], says: str
) -> None:
    assert says in refused(bench, held(bench, *(by(bench, name, **how) for name, how in people), terms=terms))


@pytest.mark.parametrize("field", ["hold", "reason", "approver", "at", "not_after", "signature"])
def test_an_approval_that_was_changed_is_none(bench: SigningBench, field: str) -> None:
    request = bench.request()
    good = bench.approval(request, "alice", hold=HOLD)
    value = {"approver": "carol", "at": "2026-11-22T01:00:00Z", "not_after": "2026-11-22T05:00:00Z"}.get(field, "x")
    asked = bench.sign_target(
        decided.decision(request, bench.clock, "hold", terms=(DBA,)), replace(good, **{field: value})
    )
    assert "did not sign" in refused(bench, asked)


@pytest.mark.parametrize("party", ["order-service", "payments-team"])
def test_caller_and_owner_never_count(tmp_path: Path, party: str) -> None:
    bench = SigningBench.create(tmp_path)
    bench.rewrite(bench.site.approvers, lambda people: people.update({party: people.pop("alice")}))
    request = bench.request()
    given = bench.approval(request, party, signer="alice")
    asked = bench.sign_target(decided.decision(request, bench.clock, "hold", terms=(DBA,)), given)
    assert "neither owner nor caller" in refused(bench, asked)


def test_who_left_the_group_or_lost_the_key_does_not_count(tmp_path: Path) -> None:
    bench = SigningBench.create(tmp_path)
    request = bench.request()
    asked = bench.sign_target(
        decided.decision(request, bench.clock, "hold", terms=(DBA,)), bench.approval(request, "alice")
    )
    assert draft(bench, asked).kind == "run"
    bench.rewrite(bench.site.approvers, lambda people: people["alice"].update(groups=["interns"]))
    assert "do not meet the terms" in refused(bench, asked)
    bench.rewrite(bench.site.approvers, lambda people: people.pop("alice"))
    assert "expected an approver" in refused(bench, asked)


def test_approvals_in_a_document_need_their_signatures(bench: SigningBench) -> None:
    seen = ApprovalView("alice", ("dba",), "2026-11-22T02:00:00.000Z")
    request = bench.request(approvals=(seen,))
    bare = bench.sign_target(decided.decision(request, bench.clock))
    assert "got a document with approvals of alice but not their signatures" in refused(bench, bare)
    proved = bench.sign_target(decided.decision(request, bench.clock), bench.approval(request, "alice"))
    assert draft(bench, proved).kind == "run"


# target check


def test_the_check_runs_its_own_script(bench: SigningBench) -> None:
    asked = Check("payments-db", "postgres", "127.0.0.1", new_public_line())
    made = authority.check(asked, bench.config, bench.clock.now_ns())
    assert (made.key_id, made.principal) == ("jumphost:check:postgres@payments-db", "postgres@payments-db")
    assert made.critical == {"force-command": forced.check(), "source-address": "127.0.0.1"}
    now = bench.clock.now_ns() // NS_PER_S
    assert (made.valid_after, made.valid_before) == (now - 30, now + 60)
    for wrong in ({"target": "x"}, {"login": "root"}, {"address": "x"}):
        with pytest.raises(Refused):
            authority.check(replace(asked, **wrong), bench.config, bench.clock.now_ns())


def test_a_secret_that_is_no_database_has_a_file_of_its_own(lending: SigningBench) -> None:
    lending.rewrite(
        lending.site.settings,
        lambda settings: settings.update(credentials={"db": {"kind": "stored", "secret": "keys/token.age"}}),
    )
    asked = lent(lending, "file")
    request = decode(asked.decision.judgement.document)
    line = draft(lending, asked).critical["force-command"]
    assert f" JUMPHOST_CREDENTIAL_FILE='{leased.file(request.id)}' " in line
    assert "PGSERVICE" not in line
    assert "by proxy, which its entry does not name" in refused(lending, lent(lending, "proxy"))
