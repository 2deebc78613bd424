"""People who approve, with keys of their own, and the holds that they are asked about."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from jumphost.clock import NS_PER_S, Clock, new_id, rfc3339
from jumphost.evidence import sshsig
from jumphost.model.approval import NAMESPACE, Approval, Approver, Hold, Term, VerdictWord, statement
from jumphost.testing.signing import public_line

TTL_S = 3600


@dataclass(frozen=True)
class Person:
    """An approver."""

    name: str
    groups: tuple[str, ...] = ("dba",)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def entry(self) -> Approver:
        """What approvers.yaml says of them."""
        return Approver(keys=(public_line(self.key),), groups=self.groups)

    def answers(self, hold: Hold, clock: Clock, /, verdict: VerdictWord = "approve", **changes: Any) -> Approval:
        """A verdict on a hold that lasts as long as it does; ``changes`` are made before it is signed."""
        unsigned = Approval(
            hold=hold.id,
            request_digest=hold.request_digest,
            verdict=verdict,
            approver=self.name,
            reason="",
            at=rfc3339(clock.now_ns()),
            not_after=rfc3339(hold.expires_ns),
            signature="",
        )
        unsigned = replace(unsigned, **changes)
        return replace(unsigned, signature=sshsig.sign(self.key, statement(unsigned), NAMESPACE))


def approvers(people: Iterable[Person]) -> dict[str, Approver]:
    """What approvers.yaml says of all of them."""
    return {person.name: person.entry for person in people}


def pending(clock: Clock, **changes: Any) -> Hold:
    """A new hold of ``order-service`` for one of ``dba``; its request is its own unless told otherwise."""
    now, identifier = clock.now_ns(), new_id(clock)
    hold = Hold(
        id=identifier,
        state="pending",
        request_digest=f"digest of {identifier}",
        identity="order-service",
        owner="payments-team",
        target="payments-db",
        login="app",
        command="'dropdb' old",
        terms=(Term(("dba",), 1, TTL_S),),
        message="test.rule: asks a dba",
        created_ns=now,
        expires_ns=now + TTL_S * NS_PER_S,
        decision=new_id(clock),
    )
    return replace(hold, **changes)
