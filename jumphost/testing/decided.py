"""Requests that were decided, and approvals of them, for tests of what comes after the decision."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization.ssh import load_ssh_private_key
from msgspec.structs import replace

from jumphost.clock import NS_PER_S, Clock, new_id, rfc3339, utc
from jumphost.command.facts import analyse
from jumphost.config.load import SiteConfig
from jumphost.evidence import sshsig
from jumphost.model.approval import NAMESPACE, Approval, Term, statement
from jumphost.model.decision import Decision, Effect, Judgement, Obligations, Rule, Verdict
from jumphost.model.identity import Identity
from jumphost.model.request import (
    SCHEMA,
    FileOperation,
    Forward,
    Now,
    Request,
    Source,
    Stdin,
    TargetView,
    encode,
    input_digest,
    request_digest,
)


def request(config: SiteConfig, clock: Clock, **changes: Any) -> Request:
    """``order-service`` asks for ``psql -X -c 'select 1'`` on payments-db (names of ``init --example``)."""
    entry = config.identities["order-service"]
    place = config.targets["payments-db"]
    now = clock.now_ns()
    when = utc(now)
    made = Request(
        schema=SCHEMA,
        id=new_id(clock),
        connection=new_id(clock),
        correlation="",
        purpose="",
        now=Now(now, rfc3339(now), f"{when:%A}", when.hour, when.minute),
        identity=Identity(name="order-service", owner=entry.owner, issuer="main", groups=entry.groups),
        source=Source("127.0.0.1", 50_000),
        target=TargetView(place.name, place.kind, place.logins[0], place.labels),
        operation="exec",
        command=analyse(b"psql -X -c 'select 1'"),
        file=FileOperation(),
        forward=Forward(),
        stdin=Stdin(),
        env={},
        pty=False,
        approvals=(),
    )
    return replace(made, **changes)


def decision(
    asked: Request, clock: Clock, effect: Effect = "allow", *, terms: Sequence[Term] = (), **obligations: Any
) -> Decision:
    """The decision of one rule ``test.rule`` on a request."""
    document = encode(asked)
    verdict = Verdict(
        effect=effect,
        rules=(Rule("test.rule", effect, "says the test"),),
        obligations=Obligations(approval=tuple(terms), **obligations),
    )
    judgement = Judgement(
        verdict=verdict,
        code="test.rule",
        message="says the test",
        document=document,
        request_digest=request_digest(asked),
        input_digest=input_digest(document),
        revision="0" * 64,
        engine="test",
    )
    return Decision(id=new_id(clock), at_ns=clock.now_ns(), judgement=judgement)


def approval(asked: Request, clock: Clock, approver: str, key: Path, **changes: Any) -> Approval:
    """An approval that lasts an hour, signed with a private key file; ``changes`` are made before it is signed."""
    now = clock.now_ns()
    unsigned = Approval(
        hold=new_id(clock),
        request_digest=request_digest(asked),
        verdict="approve",
        approver=approver,
        reason="",
        at=rfc3339(now),
        not_after=rfc3339(now + 3600 * NS_PER_S),
        signature="",
    )
    unsigned = replace(unsigned, **changes)
    private = load_ssh_private_key(key.read_bytes(), password=None)
    return replace(unsigned, signature=sshsig.sign(private, statement(unsigned), NAMESPACE))  # type: ignore[arg-type]  # ed25519 here
