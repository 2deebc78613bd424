"""The gateway at work: what SSH connections ask becomes sessions, and what ends them early reaches them.

The only place where callbacks of asyncssh become tasks: all of them belong to one TaskGroup.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from jumphost import metrics
from jumphost.audit.flood import AuthFlood
from jumphost.errors import Code, JumphostError, Refused, Status, Unavailable
from jumphost.gateway import environment, message
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.connection import Connection
from jumphost.gateway.generations import Lock
from jumphost.gateway.parts import Parts
from jumphost.gateway.session import Session
from jumphost.model.event import Event, Kind
from jumphost.model.identity import Caller
from jumphost.target.base import Exit

HEARTBEAT_S = 1.0  # how often holds are looked at for expiry, and refused logins counted
PROGRESS_BEATS = 10  # every so many beats the journal learns how far open recordings are: it must be writable
GROWN = 1 << 20  # bytes by which a recording grows until the journal learns of it before that
HANG_UP_S = 2.0  # for callers to take their last bytes and hang up, once nothing runs any more

SHUTTING_DOWN = "the gateway is shutting down"

log = structlog.get_logger(__name__)


class Gateway:
    """Implements ``transport.Gate``. ``run`` is its life; ``drain`` ends it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._connections: dict[str, Connection] = {}
        self._sessions: dict[Session, Connection] = {}
        self._ended: set[Connection] = set()  # those that are being hung up: a second time would be too soon
        self._served: set[Connection] = set()  # those that had a session, and so may be reading the end of one
        self._floods = {kind: AuthFlood(parts.clock, kind=kind) for kind in (Kind.AUTH_REFUSED, Kind.REQUEST_REFUSED)}
        self._draining = asyncio.Event()
        self._idle, self._parted = asyncio.Event(), asyncio.Event()  # no session is left; no caller that had one is
        self._idle.set()
        self._parted.set()
        self._hurried = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None

    async def run(self, started: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Serves until ``drain``; ``started`` is called once the gateway can take connections."""
        failure: JumphostError | None = None
        async with asyncio.TaskGroup() as group:
            self._group = group
            beat = group.create_task(self._heartbeat())
            locks = group.create_task(self._follow_locks())
            try:
                await started()
                await self._draining.wait()
            except JumphostError as error:
                failure = error  # raised as it is, and not in an ExceptionGroup
            beat.cancel()
            locks.cancel()
        self._group = None
        if failure is not None:
            raise failure

    async def drain(self, grace_s: float) -> None:
        """Takes no new session, sends away what does not run yet, gives the rest ``grace_s`` seconds, then cuts it.

        Before connections are closed their callers have a moment to read to the end and hang up: closing discards what
        they have not taken.
        """
        self._draining.set()
        self.let_go()
        over = Unavailable(Code.SHUTDOWN, SHUTTING_DOWN)
        for session in list(self._sessions):
            if not session.running:
                session.cut(over)
        await _any(grace_s, self._idle, self._hurried)
        for session in list(self._sessions):
            session.cut(over)
        await self._idle.wait()
        await _any(HANG_UP_S, self._parted)
        for connection in list(self._connections.values()):
            connection.disconnect(SHUTTING_DOWN)

    def hurry(self) -> None:
        """What runs while ``drain`` waits, or when it begins, is given no more time."""
        self._hurried.set()

    async def probe(self) -> None:
        """Unavailable (gateway.shutdown) if it takes no new session."""
        if self._draining.is_set():
            raise Unavailable(Code.SHUTDOWN, SHUTTING_DOWN)

    def let_go(self) -> None:
        """Nothing is kept ready on targets any more: their entries may have changed."""
        for connection in self._connections.values():
            self._leave(connection)

    async def shut_out(self, *identities: str) -> dict[str, int]:
        """Ends whatever belongs to logins and identities that are no longer in force; returns how much of each."""
        ended = self.end_revoked()
        withdrawn, _ = await asyncio.gather(
            self._parts.holds.withdraw_of(identities, "its identity was revoked"),
            self._parts.leases.revoke_of(identities),
        )
        return {"ended": ended, "withdrawn": withdrawn}

    def end_revoked(self) -> int:
        """Ends at once whatever belongs to a login that is no longer in force; returns how many connections."""
        ended = 0
        now = self._parts.clock.now_ns()
        for connection in list(self._connections.values()):
            try:
                if connection.caller is not None and connection not in self._ended:
                    self._parts.standing.check(connection.caller, now)
            except Refused as error:
                if error.code is Code.IDENTITY_EXPIRED:
                    continue
                ended += 1
                self._end(connection, error)
        return ended

    # ── transport.Gate ──────────────────────────────────────────────────────────────────────────────────────────────

    def verify(self, connection: Connection, username: str, certificate: bytes) -> Caller:
        """The caller that the certificate proves; Refused. ``username`` names a target and is looked at per command."""
        return self._parts.standing.admit(
            certificate, source=connection.source.address, now_ns=self._parts.admission.now_ns()
        )

    def login_ok(self, connection: Connection) -> None:
        """A signature by a certified key was verified."""
        self._connections[connection.id] = connection
        caller = connection.caller
        if caller is None:
            return
        identity = caller.identity
        if (first := self._parts.generations.login(caller, connection.source.address)) is not None:
            self._spawn(self._parts.generations.keep(first))
        self._note(
            Kind.AUTH_OK,
            connection,
            identity=identity.name,
            username=connection.username,
            issuer=identity.issuer,
            serial=identity.certificate.serial,
            key_id=identity.certificate.key_id,
            ca=identity.certificate.ca,
            valid_before=identity.certificate.valid_before,
            key=caller.key,
            family=caller.family,
            generation=caller.generation,
        )

    def login_refused(self, connection: Connection, username: str, code: str, detail: str) -> None:
        """A login failed; beyond a rate per address only their number is kept."""
        metrics.AUTH_REFUSED.labels(code).inc()
        if self._floods[Kind.AUTH_REFUSED].admit(connection.source.address):
            self._note(Kind.AUTH_REFUSED, connection, username=username[:256], code=code, detail=detail[:1024])

    def opened(self, channel: CallerChannel) -> None:
        """A channel asked for its one exec, shell or subsystem."""
        if self._group is None or self._draining.is_set():
            _send_away(channel, Unavailable(Code.SHUTDOWN, SHUTTING_DOWN))
        elif self._sessions_of(channel) >= (limit := self._parts.settings.limits.sessions_per_identity):
            over = Refused(Code.LIMIT_SESSIONS, f"this identity has {limit} sessions already")
            self._refused(channel.connection, channel.kind, over.code, "")
            _send_away(channel, over)
        else:
            self._spawn(self._serve(channel))

    def _sessions_of(self, channel: CallerChannel) -> int:
        """How many sessions its identity has."""
        name = _identity(channel.connection)
        return sum(_identity(connection) == name for connection in self._sessions.values())

    def refused_request(self, connection: Connection, kind: str, detail: str) -> None:
        """Something that SSH can ask for was refused by the transport."""
        self._refused(connection, kind[:64], Code.REQUEST_UNSUPPORTED, detail[:1024])

    def _refused(self, connection: Connection, request: str, code: Code, detail: str) -> None:
        """Beyond a rate per address only the number is kept."""
        metrics.REQUESTS_REFUSED.labels(code).inc()
        if self._floods[Kind.REQUEST_REFUSED].admit(connection.source.address):
            self._note(Kind.REQUEST_REFUSED, connection, request=request, code=code, detail=detail)

    def broken_off(self, connection: Connection, code: Code, detail: str) -> None:
        """The transport closed a connection that did not keep to SSH, or to its time."""
        if connection.caller is None:
            self.login_refused(connection, "", code, detail)
        else:
            self._refused(connection, "connection", code, detail)

    def closed(self, connection: Connection) -> None:
        """The connection is gone; its sessions learn it from their channels."""
        self._connections.pop(connection.id, None)
        self._leave(connection)
        self._served.discard(connection)
        self._ended.discard(connection)
        if not self._served:
            self._parted.set()

    def turned_away(self, address: str, code: str) -> None:
        """Somebody was not even let in; beyond a rate per address only their number is kept."""
        metrics.AUTH_REFUSED.labels(code).inc()
        if self._floods[Kind.AUTH_REFUSED].admit(address):
            data = {"source": address, "code": code}
            self._spawn(self._write(Event(Kind.AUTH_REFUSED, self._parts.clock.now_ns(), data=data)))

    # ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """A task whose fault ends nothing but itself; none once the gateway is down."""
        try:
            if self._group is None:
                raise RuntimeError
            self._group.create_task(_contained(work))
        except RuntimeError:  # of the group too: all its tasks have ended
            work.close()

    async def _serve(self, channel: CallerChannel) -> None:
        session = Session(self._parts, channel)
        self._sessions[session] = channel.connection
        self._idle.clear()
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(channel, session))
                with metrics.SESSIONS_ACTIVE.track_inprogress():
                    await session.run()
                watch.cancel()
        except Exception:
            log.exception("session.lost", session=session.id)
            channel.exit(Exit(status=Status.INTERNAL))
        finally:
            del self._sessions[session]
            self._may_be_reading(channel.connection)
            self._prepare(session, channel.connection)
            if not self._sessions:
                self._idle.set()

    def _may_be_reading(self, connection: Connection) -> None:
        if connection.id in self._connections:
            self._served.add(connection)
            self._parted.clear()

    def _prepare(self, session: Session, connection: Connection) -> None:
        """The next command of a connection that goes on finds its target ready."""
        if session.ran is not None and connection.id in self._connections and not self._draining.is_set():
            target, login = session.ran
            self._parts.runners[target.kind].prepare(connection.id, target, login)

    def _leave(self, connection: Connection) -> None:
        for runner in self._parts.runners.values():
            runner.leave(connection.id)

    async def _watch(self, channel: CallerChannel, session: Session) -> None:
        await channel.gone.wait()
        session.cut(Refused(Code.CALLER_GONE, "the caller left"))

    def _end(self, connection: Connection, error: JumphostError) -> None:
        self._ended.add(connection)
        self._leave(connection)
        mine = [session for session, of in self._sessions.items() if of is connection]
        for session in mine:
            session.cut(error)
        self._spawn(self._hang_up(connection, mine))

    async def _hang_up(self, connection: Connection, sessions: list[Session]) -> None:
        for session in sessions:
            await session.over.wait()
        if sessions:
            await asyncio.sleep(HANG_UP_S)  # OpenSSH forgets the status that it was told if it is cut off at once
        if connection.id in self._connections:
            connection.disconnect("the identity was revoked")

    def _note(self, kind: Kind, connection: Connection, *, identity: str = "", **data: Any) -> None:
        if identity == "" and connection.caller is not None:
            identity = connection.caller.identity.name
        event = Event(
            kind=kind,
            at_ns=self._parts.clock.now_ns(),
            connection=connection.id,
            identity=identity,
            data={"source": connection.source.address, "client": connection.source.client[:256], **data},
        )
        self._spawn(self._write(event))

    async def _write(self, *events: Event) -> None:
        try:
            await self._parts.store.write(None, *events)
        except Unavailable as error:
            self._stop_running(error)

    def _stop_running(self, error: JumphostError) -> None:
        """What cannot be journalled does not run on."""
        log.error("journal.unavailable", error=str(error), detail=error.detail)
        for session in list(self._sessions):
            if session.running:
                session.cut(error)

    async def _follow_locks(self) -> None:
        while True:
            await _contained(self._locked(await self._parts.generations.locked.get()))

    async def _locked(self, lock: Lock) -> None:
        """A lock counts already: what the identity has running ends, and the journal learns why."""
        log.error("identity.locked", identity=lock.identity, family=lock.family)
        self.end_revoked()
        try:
            await self._parts.generations.journal(lock)
            await self.shut_out(lock.identity)
        except Unavailable as error:
            self._stop_running(error)

    async def _heartbeat(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            beats += 1
            await _contained(self._beat(progress=beats % PROGRESS_BEATS == 0))

    async def _beat(self, *, progress: bool) -> None:
        try:
            await self._parts.holds.expire_due()
        except Unavailable as error:
            log.error("journal.unavailable", error=str(error))
        counted = [event for flood in self._floods.values() for event in flood.counted()]
        if counted:
            await self._write(*counted)
        await self._progress(0 if progress else GROWN)
        if self._parts.admission.scarce():
            self._cut_largest()

    def _cut_largest(self) -> None:
        """Whoever fills the disk ends first, so that all others can be sealed and journalled."""
        largest = max(self._sessions, key=lambda session: session.recorded, default=None)
        if largest is not None and largest.recorded:
            log.error("disk.scarce", session=largest.id, recorded=largest.recorded)
            largest.cut(Unavailable(Code.LIMIT_DISK, "too little disk is free to go on recording"))

    async def _progress(self, grown: int) -> None:
        events = [event for session in self._sessions if (event := session.progress(grown=grown)) is not None]
        if not events:
            return
        try:
            await self._parts.store.write(None, *events)
        except Unavailable as error:
            self._stop_running(error)
        except Exception as error:  # noqa: BLE001  # whatever keeps us from writing
            self._stop_running(Unavailable(Code.JOURNAL_UNAVAILABLE, "the journal takes no events", detail=repr(error)))


async def _any(seconds: float, *events: asyncio.Event) -> None:
    """Until one of them is set, at most ``seconds``."""
    loop = asyncio.get_running_loop()
    waits = [loop.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _contained(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("gateway.fault")


def _identity(connection: Connection) -> str:
    return connection.caller.identity.name if connection.caller is not None else ""


def _send_away(channel: CallerChannel, error: JumphostError) -> None:
    """Tells a caller why no session is begun."""
    ending = message.refused(error, "")
    channel.say(message.line(ending, as_json=environment.wants_json(channel.env)))
    channel.exit(Exit(status=ending.status))
