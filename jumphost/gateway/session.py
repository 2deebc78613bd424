"""The way of one command, in the one place that holds its order (DESIGN §1).

(1) identity verified, not expired, not revoked, target and operation in scope
(2) facts made, opaque parts named
(3) request built, total and valid
(4) decided; (2) to (4) are one call to the engine, and any fault of it is a denial
(4a) the decision asks for standard input: read to its end, identity looked at again, and (2) to (4) again with it
(5) held: the approval is bound to the request digest
(6) after a wait: identity looked at again, decided again with the approvals in the input
(7) decision journalled, recording opened: from here, and only from here, a target may be touched
(8) lease issued and delivered, where the decision has one; login certified while logging in, or the signer notes that
    none is: an open login is used (targets of mode connection), or the command runs here (of kind process)
(9) target opened, relay through recording, limits enforced
(10) always: command stopped if it was cut, lease ended, recording sealed, outcome journalled, then the caller told
(10a) what lies on the target for a lease is taken away, and whoever the command left behind with it

Whatever ends a session early (revocation, a limit, a fault of recorder or journal, a caller who left) goes through
``cut``: it cancels what is going on, and (10) follows.
"""

import asyncio
from collections.abc import Awaitable

import structlog
from msgspec.structs import replace

from jumphost import metrics
from jumphost.approval import desk
from jumphost.clock import NS_PER_S, new_id
from jumphost.errors import Code, JumphostError, Refused
from jumphost.gateway import environment, judging, message, text, verbs, waiting
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.environment import Wishes
from jumphost.gateway.execution import Execution
from jumphost.gateway.intake import Intake
from jumphost.gateway.lifecycle import Stage, step
from jumphost.gateway.message import Ended, Ending
from jumphost.gateway.parts import Parts
from jumphost.gateway.trail import Trail
from jumphost.gateway.veil import Veil
from jumphost.model.approval import Approval, Hold
from jumphost.model.decision import Decision
from jumphost.model.event import Event, Kind
from jumphost.model.request import TargetView, decode, subject_text
from jumphost.model.target import Target
from jumphost.policy.base import Submission
from jumphost.recording.writer import Seal
from jumphost.target.base import Exit

log = structlog.get_logger(__name__)


class Session:
    """One channel of one caller, from its request to its exit status. Its id is the request's id too."""

    def __init__(self, parts: Parts, channel: CallerChannel) -> None:
        if (caller := channel.connection.caller) is None:
            raise JumphostError(Code.INTERNAL, "a channel without a verified caller")
        self.id = new_id(parts.clock)
        self.over = asyncio.Event()
        self._parts, self._channel, self._caller = parts, channel, caller
        self._target_name, _, self._login = channel.connection.username.partition("+")
        self._veil = Veil(parts.settings.mask.detectors)
        self._trail = Trail(parts.clock, self.id, channel, self._veil, target=self._target_name, login=self._login)
        self._decision_id, self._hold_id = new_id(parts.clock), self.id
        self._wishes = Wishes(as_json=environment.wants_json(channel.env))
        self._stage = Stage.OPEN
        self._cut: JumphostError | None = None
        self._input = Intake(parts.settings.limits, parts.room, self._caller.identity.name)
        self._task: asyncio.Task[object] | None = None
        self._execution: Execution | None = None
        self._proven = 0  # bytes of the recording that the journal knows of

    @property
    def running(self) -> bool:
        """Whether a command of it may be running on a target."""
        return self._stage in (Stage.COMMITTED, Stage.RUNNING)

    @property
    def ran(self) -> tuple[Target, str] | None:
        """The target and login that a command of it ran on."""
        return self._execution.ran if self._execution is not None else None

    def cut(self, error: JumphostError) -> None:
        """Ends the session for the reason given; the first reason counts, and none once it is ending."""
        if self._cut is None and self._stage is not Stage.ENDED:
            self._cut = error
            asyncio.get_running_loop().call_soon(self._interrupt)

    def _interrupt(self) -> None:
        """Called by the loop, so that the task is waiting somewhere: the cancellation cannot reach into (10)."""
        if self._stage is not Stage.ENDED and self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """Serves the channel to its end; raises nothing but a cancellation that ``cut`` did not ask for."""
        self._task = asyncio.current_task()
        self._trail.opened()
        try:
            try:
                ending: Ending | Exit = await self._serve()
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever it is, nothing runs and the caller is told
                ending = self._failed(error)
            self._stage = self._stage if self._stage is Stage.ENDED else step(self._stage, Stage.ENDED)
            await self._close(ending)
        finally:
            self._input.drop()
            try:
                # (10a)
                if self._execution is not None:
                    await self._execution.tidy()
            finally:
                self.over.set()

    async def _serve(self) -> Ending | Exit:
        parts, channel = self._parts, self._channel
        # (1)
        parts.standing.check(self._caller, parts.admission.now_ns())
        if channel.kind != "exec" or channel.pty_requested:
            what = "a terminal" if channel.pty_requested else f"a {channel.kind}"
            raise Refused(Code.REQUEST_UNSUPPORTED, f"got {what}, expected a command: ssh TARGET@GATEWAY 'command'")
        self._wishes = environment.read(channel.env, parts.settings.environment.accept)
        _check_bytes(channel.raw, parts.settings.limits.command_bytes)
        if self._target_name == verbs.LOGIN:
            channel.write(await verbs.answer(parts, self._caller, channel))
            return Exit()
        target, self._login = parts.standing.target(self._caller, "exec", self._target_name, self._login)
        self._trail.requested(self._wishes, self._login)
        while True:
            # (2) (3) (4)
            decision = await self._judge(target, ())
            if self._asks_for_input(decision):
                # (4a)
                await self._input.read(channel)
                self._check_standing(target)
                continue
            if decision.effect == "allow" and not self._wishes.dry_run:
                return await self._perform(target, decision, (), None)
            await self._keep(decision)
            if decision.effect == "deny":
                return message.judged(decision, "denied")
            if self._wishes.dry_run:
                return message.judged(decision, "allowed" if decision.effect == "allow" else "held")
            # (5) (6)
            done = await self._hold(target, decision)
            if done is not None:
                return done

    async def _judge(self, target: Target, approvals: tuple[Approval, ...]) -> Decision:
        parts, connection = self._parts, self._channel.connection
        judgement = await judging.judge(
            parts.engine,
            Submission(
                id=self.id,
                connection=connection.id,
                now_ns=parts.clock.now_ns(),
                identity=self._caller.identity,
                source=connection.source,
                target=TargetView(name=target.name, kind=target.kind, login=self._login, labels=target.labels),
                operation="exec",
                raw=self._channel.raw,
                correlation=self._wishes.correlation,
                purpose=self._wishes.purpose,
                dialect=target.shell,
                env=self._wishes.env,
                approvals=tuple(given.view() for given in approvals),
                stdin_mode="closed" if self._input.data is None else "judge",
                stdin=self._input.data,
                mask=parts.settings.mask.owed,
            ),
            parts.settings.credentials,
        )
        self._veil.know(judgement.detectors)
        if judgement.document:
            await self._veil.prepare(subject_text(decode(judgement.document)))
        decision = Decision(new_id(parts.clock), parts.clock.now_ns(), judgement)
        metrics.COMMANDS.labels(decision.effect).inc()
        self._decision_id = decision.id
        self._stage = step(self._stage, Stage.JUDGED)
        self._trail.decided(decision, approvals, dry_run=self._wishes.dry_run)
        if decision.obligations.alert and not self._wishes.dry_run and not self._asks_for_input(decision):
            self._alert(decision)
        return decision

    def _alert(self, decision: Decision) -> None:
        self._trail.alerted(decision, self._wishes.purpose)
        metrics.ALERTS.inc()
        identity, code = self._caller.identity.name, decision.judgement.code
        log.warning("command.alert", identity=identity, target=self._target_name, code=code, decision=decision.id)

    def _asks_for_input(self, decision: Decision) -> bool:
        """Whether nothing may follow from the decision until it was made again with the standard input."""
        asks = decision.effect != "deny" and decision.obligations.stdin == "judge"
        return asks and self._input.data is None

    def _check_standing(self, target: Target) -> None:
        """After a wait; Refused if the caller may no longer do what it asks."""
        self._parts.standing.check(self._caller, self._parts.admission.now_ns())
        self._parts.standing.target(self._caller, "exec", target.name, self._login)

    async def _keep(self, decision: Decision) -> None:
        """Keeps the document that was judged, raw command included, apart from the journal."""
        await self._parts.requests.put(decision.id, text.kept(decision.judgement))

    async def _hold(self, target: Target, decision: Decision) -> Ending | Exit | None:
        """Waits for people and then runs the command; None if it has to be judged anew, as it was never asked."""
        parts = self._parts
        await parts.store.write(None, *self._trail.take())
        shown = await self._veil.for_people(text.shown(decode(decision.judgement.document)))
        about = self._trail.event(Kind.HOLD_OPEN, decision.id)
        hold = await parts.holds.open(self._new_hold(target, decision, shown), about)
        self._hold_id = new_id(parts.clock)  # of the next one: a session that is judged anew may be held again
        self._stage = step(self._stage, Stage.HELD)
        told = replace(message.judged(decision, "held"), hold=hold.id)
        with parts.holds.attached(hold.id) as ticket:
            try:
                with metrics.HOLD_SECONDS.time():
                    await waiting.turn(
                        ticket, told, parts=parts, caller=self._caller, channel=self._channel, wishes=self._wishes
                    )
            except (Ended, asyncio.CancelledError):
                self._trail.note(Kind.HOLD_DETACH, decision.id, hold=hold.id)
                raise
            if ticket.hold.state != "approved":
                return None  # another caller of the same request has used the approval
            # (6)
            self._check_standing(target)
            approvals = parts.holds.standing(hold := ticket.hold)
            again = await self._judge(target, approvals)
            if self._asks_for_input(again):
                raise Refused(Code.STDIN_UNJUDGED, "the policy asks for standard input that nobody approved")
            terms = again.obligations.approval if again.effect == "hold" else hold.terms
            met = desk.met(hold.terms, approvals) and desk.met(terms, approvals)
            same = again.judgement.request_digest == hold.request_digest
            if again.effect != "deny" and met and same:
                return await self._perform(target, again, approvals, hold)
            await self._keep(again)
            if again.effect == "deny":
                return message.judged(again, "denied")
            if met:
                raise Refused(Code.APPROVAL_INVALID, "what was approved is not what would run")
            await parts.holds.withdraw(hold.id, "an approval no longer counts, or the policy now asks for more")
            return None

    async def _perform(
        self, target: Target, decision: Decision, approvals: tuple[Approval, ...], hold: Hold | None
    ) -> Ending | Exit:
        self._execution = execution = Execution(
            self._parts, self._trail, self._caller, target, decision, approvals, self._input.data
        )
        ending: Ending | Exit
        try:
            # (7)
            await _all(execution.record(), self._keep(decision))
            self._trail.started(decision, hold, target.kind)
            if hold is None:
                await self._parts.store.write(None, *self._trail.take())
            else:
                await self._parts.holds.consume(hold.id, *self._trail.take())
            self._stage = step(self._stage, Stage.COMMITTED)
            # (8) (9)
            await execution.start(self._channel, self.cut)
            self._input.drop()
            self._stage = step(self._stage, Stage.RUNNING)
            ending = await execution.ended()
            self._trail.exited(decision, ending, execution.dropped_input)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # whatever it is, (10) follows
            ending = self._failed(error)
        # (10)
        self._stage = step(self._stage, Stage.ENDED)
        if isinstance(ending, Ending):
            self._trail.cut(decision, ending, left=not await execution.stop(ending))
        elif execution.dropped_input:
            self._channel.say(
                message.line(message.dropped(execution.dropped_input, decision.id), as_json=self._wishes.as_json)
            )
        try:
            await execution.seal()
        except JumphostError as error:
            if isinstance(ending, Exit):
                ending = message.refused(error, decision.id, running=True)
        return ending

    async def _close(self, ending: Ending | Exit) -> None:
        self._trail.closed(ending)
        try:
            await self._parts.store.write(None, *self._trail.take())
        except JumphostError as error:
            if isinstance(ending, Exit) or ending.effect in ("allowed", "held"):
                ending = message.refused(error, self._decision_id, running=isinstance(ending, Exit))
        if isinstance(ending, Ending):
            metrics.ended(ending.effect, ending.code)
            self._channel.say(message.line(ending, as_json=self._wishes.as_json))
            self._channel.exit(Exit(status=ending.status))
        else:
            metrics.ended("exited", "")
            self._channel.exit(ending)

    def _new_hold(self, target: Target, decision: Decision, shown: str) -> Hold:
        now, identity, terms = self._parts.clock.now_ns(), self._caller.identity, decision.obligations.approval
        return Hold(
            id=self._hold_id,
            state="pending",
            request_digest=decision.judgement.request_digest,
            identity=identity.name,
            owner=identity.owner,
            target=target.name,
            login=self._login,
            command=shown,
            terms=terms,
            message=self._veil.text(f"{decision.judgement.code}: {decision.judgement.message}"),
            created_ns=now,
            expires_ns=now + min(term.ttl_s for term in terms) * NS_PER_S,
            decision=decision.id,
            correlation=self._veil.text(self._wishes.correlation),
            purpose=self._veil.text(self._wishes.purpose),
        )

    def _failed(self, error: BaseException) -> Ending:
        """The ending that an exception means; a cancellation that ``cut`` did not ask for goes on."""
        if isinstance(error, Ended):
            return error.ending
        if isinstance(error, asyncio.CancelledError):
            if self._cut is None or self._task is None:
                raise error
            self._task.uncancel()
            error = self._cut
        if isinstance(error, JumphostError):
            self._trail.refused(error, self._decision_id)
            # a cut while logging in: the command may have begun
            cut = self._stage is Stage.RUNNING or (self.running and error is self._cut)
            return message.refused(error, self._decision_id, running=cut)
        log.error("session.fault", session=self.id, exc_info=error)
        return message.fault(self._decision_id)

    @property
    def recorded(self) -> int:
        """Bytes of its recording while a command is running."""
        return reached.bytes if (reached := self._reached()) else 0

    def progress(self, *, grown: int = 0) -> Event | None:
        """Where a command is running: how far its recording is, if that is ``grown`` bytes more than the last time.

        What the journal knows of a recording can be proven even if it is never sealed.
        """
        reached = self._reached()
        if reached is None or reached.bytes - self._proven < grown:
            return None
        self._proven = reached.bytes
        data = {"bytes": reached.bytes, "sha256": reached.sha256}
        return self._trail.event(Kind.RECORDING_PROGRESS, self._decision_id, **data)

    def _reached(self) -> Seal | None:
        return self._execution.progress() if self._execution is not None and self.running else None


async def _all(*steps: Awaitable[None]) -> None:
    """Takes the steps side by side; what the first of them raises, once each has ended."""
    for fault in await asyncio.gather(*steps, return_exceptions=True):
        if fault is not None:
            raise fault


def _check_bytes(raw: bytes, limit: int) -> None:
    if len(raw) > limit:
        raise Refused(Code.REQUEST_INVALID, f"got a command of {len(raw)} bytes, expected at most {limit}")
    if b"\0" in raw:
        raise Refused(Code.REQUEST_INVALID, "got a NUL in the command")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise Refused(Code.REQUEST_INVALID, f"got a command that is not UTF-8 at byte {error.start}") from None
