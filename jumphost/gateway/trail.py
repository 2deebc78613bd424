"""The events of one session, each with what all of them share; collected until they are written together."""

from typing import Any

from jumphost.clock import Clock
from jumphost.errors import JumphostError
from jumphost.gateway import text
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.connection import escaped
from jumphost.gateway.environment import Wishes
from jumphost.gateway.message import Ending
from jumphost.gateway.veil import Veil
from jumphost.model.approval import Approval, Hold
from jumphost.model.decision import Decision
from jumphost.model.event import Event, Kind
from jumphost.model.identity import Certificate
from jumphost.model.lease import Lease
from jumphost.model.request import decode
from jumphost.target.base import Exit

MAX_NAME = 255  # bytes of a target's name as the caller wrote it


class Trail:
    """``take`` empties it: what was noted is then on its way to the journal. Texts of others are noted veiled."""

    def __init__(
        self, clock: Clock, session: str, channel: CallerChannel, veil: Veil, *, target: str, login: str
    ) -> None:
        self._clock, self._session, self._channel, self.veil = clock, session, channel, veil
        self._target = escaped(target.encode("utf-8", "replace"), MAX_NAME)
        self.login = login
        self._pending: list[Event] = []

    def event(self, kind: Kind, decision: str = "", **data: Any) -> Event:
        """One event of this session."""
        connection = self._channel.connection
        return Event(
            kind=kind,
            at_ns=self._clock.now_ns(),
            session=self._session,
            connection=connection.id,
            decision=decision,
            identity=connection.caller.identity.name if connection.caller else "",
            target=self._target,
            data=data,
        )

    def note(self, kind: Kind, decision: str = "", **data: Any) -> None:
        """Adds an event to those that are written next."""
        self._pending.append(self.event(kind, decision, **data))

    def take(self) -> tuple[Event, ...]:
        """What has been noted, once."""
        taken, self._pending = tuple(self._pending), []
        return taken

    def opened(self) -> None:
        """A channel asked for its one exec, shell or subsystem."""
        connection = self._channel.connection
        identity = connection.caller.identity if connection.caller else None
        certificate = identity.certificate if identity else Certificate()
        self.note(
            Kind.SESSION_OPEN,
            operation=self._channel.kind,
            login=escaped(self.login.encode("utf-8", "replace"), MAX_NAME),
            source=connection.source.address,
            client=connection.source.client,
            issuer=identity.issuer if identity else "",
            serial=certificate.serial,
            key_id=certificate.key_id,
            ca=certificate.ca,
            forced=self._channel.forced,
        )

    def requested(self, wishes: Wishes, login: str) -> None:
        """The request can be judged: target and login are known, the caller's environment was read."""
        self.login = login
        self.note(
            Kind.COMMAND_REQUEST,
            login=login,
            purpose=self.veil.text(wishes.purpose),
            correlation=self.veil.text(wishes.correlation),
            bytes=len(self._channel.raw),
            dry_run=wishes.dry_run,
        )

    def decided(self, decision: Decision, approvals: tuple[Approval, ...], *, dry_run: bool) -> None:
        """A judgement was made."""
        judgement = decision.judgement
        request = decode(judgement.document) if judgement.document else None
        found: dict[str, Any] = {}  # what few requests have
        if request and (given := request.stdin).sha256:
            found["stdin"] = {"as": given.kind, "bytes": given.bytes, "sha256": given.sha256}
        if request and (secrets := text.secrets(request)):
            found["secrets"] = secrets
        self.note(
            Kind.COMMAND_DECISION,
            decision.id,
            effect=decision.effect,
            code=judgement.code,
            message=self.veil.text(judgement.message),
            rules=[{"id": rule.id, "effect": rule.effect} for rule in judgement.verdict.rules],
            command=self.veil.text(text.journalled(judgement, request)) if request else "",
            request_digest=judgement.request_digest,
            input_digest=judgement.input_digest,
            revision=judgement.revision,
            engine=judgement.engine,
            approvals=[{"approver": given.approver, "at": given.at} for given in approvals],
            dry_run=dry_run,
            **found,
        )

    def alerted(self, decision: Decision, purpose: str) -> None:
        """A rule wants people to know of the command at once; ``purpose`` is what the caller said of it."""
        purpose, code = self.veil.text(purpose), decision.judgement.code
        self.note(Kind.COMMAND_ALERT, decision.id, code=code, login=self.login, purpose=purpose)

    def started(self, decision: Decision, hold: Hold | None, kind: str) -> None:
        """The command is about to run on a target of the kind."""
        self.note(Kind.COMMAND_START, decision.id, login=self.login, target_kind=kind, hold=hold.id if hold else "")

    def issued(self, decision: Decision, lease: Lease, purpose: str) -> Event:
        """A login was minted."""
        return self.event(
            Kind.CREDENTIAL_ISSUE,
            decision.id,
            lease=lease.id,
            provider=lease.provider,
            subject=lease.subject,
            serial=lease.serial,
            expires_ns=lease.expires_ns,
            purpose=purpose,
        )

    def leased(self, decision: Decision, lease: Lease, delivery: str) -> Event:
        """A credential of ``credentials:`` is about to be made."""
        return self.event(
            Kind.CREDENTIAL_ISSUE,
            decision.id,
            lease=lease.id,
            name=lease.name,
            provider=lease.provider,
            subject=lease.subject,
            template=lease.template,
            expires_ns=lease.expires_ns,
            delivery=delivery,
        )

    def used(self, decision: Decision, login: str) -> Event:
        """The command runs on a login that is open: the one that the run certificate of request ``login`` opened."""
        return self.event(Kind.CREDENTIAL_USE, decision.id, login=login)

    def masked(self, decision: Decision, counts: dict[str, Any]) -> None:
        """What the masking found; before how the command ended."""
        self.note(Kind.MASK_COUNT, decision.id, **counts)

    def exited(self, decision: Decision, how: Exit, dropped_input: int) -> None:
        """The command ran to its end; ``dropped_input`` bytes came for a closed standard input."""
        self.note(
            Kind.COMMAND_EXIT,
            decision.id,
            status=how.status,
            signal=how.signal,
            outcome="exited",
            dropped_input=dropped_input,
        )

    def cut(self, decision: Decision, ending: Ending, *, left: bool) -> None:
        """The command did not run to its end; ``left`` if processes of it may still be there."""
        self.note(
            Kind.COMMAND_CUT,
            decision.id,
            code=ending.code,
            message=self.veil.text(ending.message),
            outcome=ending.code.replace(".", "_"),
            left=left,
        )

    def refused(self, error: JumphostError, decision: str) -> None:
        """The session ended without an answer of the policy, or against it."""
        message, detail = self.veil.text(error.message), self.veil.text(error.detail)
        self.note(Kind.REQUEST_REFUSED, decision, code=error.code, message=message, detail=detail)

    def closed(self, ending: Ending | Exit) -> None:
        """The session is over: what the caller is told."""
        if isinstance(ending, Ending):
            self.note(
                Kind.SESSION_CLOSE,
                ending.decision,
                effect=ending.effect,
                code=ending.code,
                status=ending.status,
                outcome=ending.effect,
            )
        else:
            self.note(Kind.SESSION_CLOSE, status=ending.status, signal=ending.signal)
