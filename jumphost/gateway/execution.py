"""One allowed command: its recording, its credential, its process on the target, and their end."""

import asyncio
import hashlib
from collections.abc import Callable

import asyncssh
import structlog

from jumphost import metrics
from jumphost.clock import NS_PER_S
from jumphost.credential.base import Recipient
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.leasing import Given, Leasing
from jumphost.gateway.masking import Masking
from jumphost.gateway.message import Ending
from jumphost.gateway.parts import Parts
from jumphost.gateway.relay import Relay
from jumphost.gateway.trail import Trail
from jumphost.model.approval import Approval
from jumphost.model.decision import Decision
from jumphost.model.event import Kind
from jumphost.model.identity import Caller
from jumphost.model.request import decode, subject_text
from jumphost.model.target import Target
from jumphost.recording.writer import Recording, Seal
from jumphost.signer.authority import run_line
from jumphost.target.base import MAY_RUN, Exit, Login, Order, Process

STOP_GRACE_S = 20.0  # the longest a session waits for its command to be gone after it was cut
DISK_S = 10.0  # the longest a recording may take to open or to close

Cut = Callable[[JumphostError], None]

_LATE = f"the disk did not answer within {DISK_S:.0f} s"

log = structlog.get_logger(__name__)


class Execution:
    """The methods are called in the order they stand in, by ``session``; ``seal`` always."""

    def __init__(
        self,
        parts: Parts,
        trail: Trail,
        caller: Caller,
        target: Target,
        decision: Decision,
        approvals: tuple[Approval, ...],
        stdin: bytes | None = None,
    ) -> None:
        self._parts, self._trail, self._caller, self._target = parts, trail, caller, target
        self._decision, self._approvals, self._stdin = decision, approvals, stdin
        self._document = decode(decision.judgement.document)
        recipient = Recipient(self._document.id, caller.identity.name, target, trail.login)
        self._leasing = Leasing(parts, trail, decision, recipient)
        terms = decision.obligations.credential
        self._delivery = terms.delivery if terms else ""
        self._recording: Recording | None = None
        self._relay: Relay | None = None
        self._process: Process | None = None
        self._masking = Masking(parts, trail, decision)
        self._left = False  # by a start that failed
        self._timers: list[asyncio.TimerHandle] = []

    async def record(self) -> None:
        """Opens the recording; Unavailable (recording.failed, limit.disk), Refused (limit.recording).

        Refused (stdin.unjudged) if the standard input that it is to have is not the one that was judged.
        """
        self._check_input()
        self._parts.admission.disk()
        if not self._spend(0):
            raise Refused(Code.LIMIT_RECORDING, f"{self._caller.identity.name} recorded as much as it may in a day")
        opening = asyncio.get_running_loop().run_in_executor(None, self._open)
        try:
            async with asyncio.timeout(DISK_S):
                self._recording = await asyncio.shield(opening)
        except BaseException as error:
            opening.add_done_callback(_close_unused)
            if isinstance(error, TimeoutError):
                raise Unavailable(Code.RECORDING_FAILED, "the session cannot be recorded", detail=_LATE) from None
            raise
        path = self._recording.path.relative_to(self._parts.recordings)
        self._trail.note(Kind.RECORDING_OPEN, self._decision.id, recording=str(path))

    async def start(self, channel: CallerChannel, cut: Cut) -> None:
        """Takes the lease, logs in to the target and starts the command; raises as ``Leasing.take``, ``Runner.start``.

        Unavailable (mask.failed) if it is to be masked and cannot be.
        """
        if self._recording is None:
            raise JumphostError(Code.INTERNAL, "a command without a recording")
        owed, site = self._decision.obligations, self._parts.settings.limits
        self._limit(cut)
        given = await self._leasing.take()
        self._masking.conceal(given.secrets)
        recorded = await self._masking.open(self._stdin, cut)
        self._relay = Relay(
            channel,
            self._recording,
            stdin=owed.stdin,
            output_bytes=owed.limits.output_bytes or site.output_bytes,
            on_fault=cut,
            judged=self._stdin or b"",
            recorded=recorded,
            maskers=self._masking.maskers,
        )
        self._stdin = None
        runner, order = self._parts.runners[self._target.kind], self._order(channel.connection.id, given)
        try:
            self._process = await runner.start(order, self._relay, self._mint, self._use)
        except BaseException as error:
            self._left = MAY_RUN in getattr(error, "__notes__", ())
            raise
        self._relay.attach(self._process)

    async def ended(self) -> Exit:
        """How the command ended, once all its output is on its way to the caller."""
        if self._process is None or self._recording is None or self._relay is None:
            raise JumphostError(Code.INTERNAL, "a command that was not started")
        how = await self._process.wait()
        await self._relay.drained()
        self._masking.count()
        self._recording.exit(how.status, how.signal)
        return how

    @property
    def ran(self) -> tuple[Target, str] | None:
        """The target and login that the command began on."""
        return (self._target, self._trail.login) if self._process is not None else None

    def progress(self) -> Seal | None:
        """How far the recording is, where it is open."""
        return self._recording.progress() if self._recording else None

    @property
    def dropped_input(self) -> int:
        """Bytes that the caller sent to a closed standard input."""
        return self._relay.dropped_input if self._relay else 0

    async def stop(self, reason: Ending) -> bool:
        """Ends the command on the target and its lease; whether it is known that nothing of the command is left.

        Nothing of it is relayed any more, its end of output neither: the caller is still to be told.
        """
        if self._relay is not None:
            self._relay.fail(Refused(Code.INTERNAL, reason.message))
        self._masking.count()
        stopped, _ = await asyncio.gather(self._stop(), self._leasing.give_back())
        return stopped

    async def _stop(self) -> bool:
        if self._process is None:
            return not self._left
        try:
            async with asyncio.timeout(STOP_GRACE_S):
                return await self._process.stop()
        except Exception as error:  # noqa: BLE001  # whatever it is, the recording is still to be sealed
            log.error("command.not_stopped", request=self._document.id, error=repr(error))
            return False

    async def seal(self) -> None:
        """Lets go of lease and target, closes the recording and notes its digest; Unavailable (recording.failed)."""
        for timer in self._timers:
            timer.cancel()
        await self._leasing.give_back()
        if self._process is not None:
            await _closed(self._process, self._document.id)
            if self._delivery == "file":
                await self._stop()  # what lies there is a secret, though one that opens nothing any more
        if self._recording is None:
            return
        try:
            async with asyncio.timeout(DISK_S):
                seal = await asyncio.to_thread(self._recording.close)
        except TimeoutError:
            raise Unavailable(Code.RECORDING_FAILED, "the recording cannot be closed", detail=_LATE) from None
        self._trail.note(Kind.RECORDING_SEAL, self._decision.id, sha256=seal.sha256, bytes=seal.bytes)

    async def tidy(self) -> None:
        """Takes away the socket that the target made for a lease, and whoever the command left behind; never raises."""
        try:
            if self._process is not None and self._delivery == "proxy":
                await self._stop()
        finally:
            self._leasing.leave()

    def _open(self) -> Recording:
        parts, decision = self._parts, self._decision
        return Recording.open(
            parts.recordings,
            session=self._document.id,
            clock=parts.clock,
            max_bytes=parts.settings.recording.max_bytes,
            level=decision.obligations.record,
            command=self._trail.veil.text(subject_text(self._document)),
            title=f"{self._caller.identity.name} on {self._target.name}",
            about={
                "gateway": parts.settings.name,
                "identity": self._caller.identity.name,
                "target": self._target.name,
                "login": self._trail.login,
                "decision": decision.id,
                "revision": decision.judgement.revision,
            },
            spend=self._spend,
        )

    def _check_input(self) -> None:
        judged = self._document.stdin.sha256
        got = hashlib.sha256(self._stdin).hexdigest() if self._stdin is not None else ""
        if got != judged or (self._decision.obligations.stdin == "judge") != bool(judged):
            raise Refused(Code.STDIN_UNJUDGED, "standard input is not what was judged", detail=f"{got}, {judged}")

    def _spend(self, count: int) -> bool:
        granted = self._parts.quota.spend(self._caller.identity.name, count)
        if granted:
            metrics.RECORDING_BYTES.inc(count)
        return granted

    def _order(self, connection: str, given: Given) -> Order:
        line = run_line(self._document, self._decision.obligations, self._target.shell, given.env)
        return Order(
            request=self._document.id,
            target=self._target,
            login=self._trail.login,
            line=line,
            connection=connection,
            socket=given.socket,
            secret=given.file,
        )

    def _limit(self, cut: Cut) -> None:
        limits = self._decision.obligations.limits
        seconds = limits.timeout_s or self._parts.settings.limits.timeout
        later = asyncio.get_running_loop().call_later
        self._timers.append(later(seconds, cut, Refused(Code.LIMIT_TIME, f"ran longer than {seconds} s")))
        if limits.on_expiry == "cut":
            left = max(0, self._caller.expires_ns - self._parts.clock.now_ns()) / NS_PER_S
            self._timers.append(later(left, cut, Refused(Code.IDENTITY_EXPIRED, "the certificate ended")))

    async def _mint(self, purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        pair, lease = await self._parts.credentials.issue(
            purpose=purpose,
            target=self._target,
            login=self._trail.login,
            decision=self._decision,
            approvals=self._approvals,
            address=address,
        )
        try:
            await self._parts.store.write(None, self._trail.issued(self._decision, lease, purpose))
        except Exception as error:
            if purpose in ("deliver", "run"):
                raise
            log.error("journal.unavailable", request=self._document.id, error=repr(error))  # the stop goes on
        return pair

    async def _use(self, login: str) -> None:
        await self._parts.credentials.use(decision=self._decision, approvals=self._approvals, login=login)
        if login:  # on this host no credential is used
            await self._parts.store.write(None, self._trail.used(self._decision, login))


async def _closed(process: Process, request: str) -> None:
    try:
        async with asyncio.timeout(STOP_GRACE_S):
            await process.close()
    except Exception as error:  # noqa: BLE001  # whatever it is, the recording is still to be sealed
        log.error("target.not_closed", request=request, error=repr(error))


def _close_unused(opening: "asyncio.Future[Recording]") -> None:
    """Closes a recording that came too late for its session."""
    if opening.exception() is None:
        asyncio.get_running_loop().run_in_executor(None, opening.result().close)
