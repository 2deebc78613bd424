"""Runs commands on SSH targets: a fresh login with a certificate of its own for each command, or on a login that serves
the caller's connection (``logins``) where the target is of mode connection.

A forced command cannot be signalled and outlives its connection, so signals and the stop are further logins, each
with its own certificate and its own forced command (``command.forced``).
"""

import asyncio
from typing import Final, cast

import asyncssh
import structlog

from jumphost.command import forced
from jumphost.errors import Code, JumphostError, Unavailable
from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.target.base import MAY_RUN, STDERR, STDOUT, Exit, Login, Mint, Order, Output, Signal, Use
from jumphost.target.connection import Reach, TargetChannel, TargetConnection, connect
from jumphost.target.logins import Logins, Seat, shared
from jumphost.target.report import Report
from jumphost.target.spare import Spares

STOP_DEADLINE_S: Final = 15.0  # of all logins of one stop together; one takes 0.1 s, its script 8 s at most
STOP_ATTEMPTS: Final = 3
CONFIRM_S: Final = 2.0  # for an answer to the exec request of a start that was given up
SIGNALS_WAITING: Final = 8  # more are dropped: each is a login
MAX_REPORT: Final = 4096  # bytes of a stop script's output that are kept
UNBEGUN: Final = frozenset({Code.TARGET_REFUSED, Code.CREDENTIAL_UNAVAILABLE, Code.POLICY_UNSUPPORTED})

log = structlog.get_logger(__name__)


class Session(asyncssh.SSHClientSession[bytes]):
    """Hands what comes from a channel to an Output, and knows how the command ended."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._exit: Exit | None = None
        self._all_came = False
        self.ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan

    def session_started(self) -> None:
        self._channel.pause_reading()  # until whoever started it holds the process

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._output.data(data, STDOUT if datatype is None else STDERR)

    def eof_received(self) -> bool:
        self._all_came = True
        self._output.eof()
        return True  # input may go on

    def pause_writing(self) -> None:
        self._output.pause_input()

    def resume_writing(self) -> None:
        self._output.resume_input()

    def exit_status_received(self, status: int) -> None:
        self._exit = Exit(status=status)

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self._exit = Exit(signal=signal, core=core_dumped, message=msg, lang=lang)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.ended.done():
            return
        if self._exit is not None and (exc is None or self._all_came):
            self.ended.set_result(self._exit)
            return
        self.ended.set_exception(
            Unavailable(
                Code.TARGET_UNREACHABLE,
                "the connection to the target ended before the command said how: whether it finished is unknown",
                detail=str(exc or "closed without an exit status"),
            )
        )
        self.ended.exception()  # nobody may be waiting any more


class SshRunner:
    """The Runner for targets of kind ssh."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._spares, self._logins = Spares(reach), Logins(reach)

    async def start(self, order: Order, output: Output, mint: Mint, use: Use | None = None) -> "SshProcess":
        """Logs in, where no login serves the connection, and starts the command; see ``target.base.Runner``."""
        if order.secret is None:
            return await self._start(order, output, mint, use)
        if order.target.mode != "command":
            raise shared()
        try:
            await _deliver(order, order.secret, mint, self._reach)
            return await self._start(order, output, mint, None)
        except BaseException as error:
            if not await stop(order, mint, self._reach):
                error.add_note(MAY_RUN)
            raise

    async def _start(self, order: Order, output: Output, mint: Mint, use: Use | None) -> "SshProcess":
        connection = await self._connection(order, mint, use)
        session = Session(output)
        executing = asyncio.get_running_loop().create_task(self._execute(connection, session, order))
        try:
            async with asyncio.timeout(self._reach.login_s):
                channel = await asyncio.shield(executing)
        except BaseException as error:
            await asyncio.wait([executing], timeout=CONFIRM_S)  # a stop can see only what the target has begun
            connection.abort()
            unbegun = isinstance(error, JumphostError) and error.code in UNBEGUN
            if not unbegun and not await stop(order, mint, self._reach):
                error.add_note(MAY_RUN)
            if isinstance(error, TimeoutError):
                raise _silent(error) from error
            raise
        process = SshProcess(order, mint, self._reach, connection, channel, session)
        asyncio.get_running_loop().call_soon(process.begin)
        return process

    def prepare(self, connection: str, target: Target, login: str) -> None:
        """Opens a connection ahead; see ``Spares``."""
        if target.mode == "command":
            self._spares.prepare(connection, target, login)

    def leave(self, connection: str) -> None:
        """Closes what was opened ahead, and its login once nothing runs there."""
        self._spares.leave(connection)
        self._logins.leave(connection)

    async def stop(self, order: Order, mint: Mint) -> bool:
        """Ends what is left of a request by further logins; see ``target.base.Runner``."""
        return await stop(order, mint, self._reach)

    async def _execute(self, connection: TargetConnection | Seat, session: Session, order: Order) -> TargetChannel:
        window_bytes = self._reach.window_bytes
        if order.socket is not None:
            await connection.offer(order.socket, window_bytes)
        return await connection.execute(session, order.line, window_bytes)

    async def _connection(self, order: Order, mint: Mint, use: Use | None) -> TargetConnection | Seat:
        if order.target.mode == "connection" and order.connection and use is not None:
            return await self._logins.seat(order, lambda: _login(order, "run", mint, self._reach), use)
        spare = await self._spares.take(order.connection, order.target, order.login)
        return await _login(order, "run", mint, self._reach, spare)


class SshProcess:
    """A command that runs on an SSH target."""

    def __init__(
        self,
        order: Order,
        mint: Mint,
        reach: Reach,
        connection: TargetConnection | Seat,
        channel: TargetChannel,
        session: Session,
    ) -> None:
        self._order = order
        self._mint = mint
        self._reach = reach
        self._connection = connection
        self._channel = channel
        self._session = session
        self._signals: asyncio.Queue[Signal] = asyncio.Queue(SIGNALS_WAITING)
        self._stopping = asyncio.Lock()
        self._stopped = False
        self._paused = False

    def begin(self) -> None:
        """Lets output come, if nobody paused it meanwhile."""
        if not self._paused:
            self._channel.resume_reading()

    def write(self, chunk: bytes) -> None:
        """Standard input; dropped once the command takes none."""
        if not self._channel.is_closing():
            self._channel.write(chunk)

    def write_eof(self) -> None:
        """End of standard input."""
        if not self._channel.is_closing():
            self._channel.write_eof()

    def pause_output(self) -> None:
        """The target may send one window more, which is held here."""
        self._paused = True
        self._channel.pause_reading()

    def resume_output(self) -> None:
        """What was held comes at once."""
        self._paused = False
        self._channel.resume_reading()

    def send_signal(self, name: str) -> None:
        """Relays a signal while somebody waits for the end; one that no target takes, or one too many, is dropped."""
        if name not in forced.SIGNALS or self._signals.full():
            log.warning("signal.dropped", target=self._order.target.name, request=self._order.request, signal=name)
            return
        self._signals.put_nowait(cast(Signal, name))

    async def wait(self) -> Exit:
        """The end, after the last data; Unavailable (target.unreachable) if the connection broke."""
        async with asyncio.TaskGroup() as group:
            relay = group.create_task(self._relay_signals())
            await asyncio.wait([self._session.ended])
            relay.cancel()
        return self._session.ended.result()

    async def stop(self) -> bool:
        """Ends every process of the request; False if one may be left, with the reason in the log."""
        async with self._stopping:
            self._stopped = self._stopped or await stop(self._order, self._mint, self._reach)
        return self._stopped

    async def close(self) -> None:
        """Gives up the connection, or its seat on it."""
        await self._connection.end()

    async def _relay_signals(self) -> None:
        while True:
            name = await self._signals.get()
            await _once(self._order, name, forced.signal(self._order.request, name), self._mint, self._reach)


async def run(connection: TargetConnection, line: str, given: bytes = b"") -> tuple[Exit, str]:
    """Runs a short script with little input: how it ended, and the first MAX_REPORT bytes of its standard output."""
    report = Report(MAX_REPORT)
    session = Session(report)
    channel = await connection.execute(session, line, MAX_REPORT * 8)
    if given:
        channel.write(given)
    channel.write_eof()
    channel.resume_reading()
    return await session.ended, report.text


async def stop(order: Order, mint: Mint, reach: Reach) -> bool:
    """Ends every process of a request by further logins; False if one may be left, with the reason in the log."""
    try:
        async with asyncio.timeout(STOP_DEADLINE_S):
            for _ in range(STOP_ATTEMPTS):
                if await _once(order, "stop", forced.stop(order.request), mint, reach):
                    return True
    except TimeoutError:
        log.warning("stop.late", target=order.target.name, request=order.request)
    return False


async def _deliver(order: Order, secret: Secret, mint: Mint, reach: Reach) -> None:
    """Puts the secret into the file of the request; Unavailable (credential.unavailable)."""
    try:
        async with asyncio.timeout(reach.login_s):
            put = await _once(order, "deliver", forced.deliver(order.request), mint, reach, secret.reveal())
    except TimeoutError:
        put = False
    if not put:
        raise Unavailable(Code.CREDENTIAL_UNAVAILABLE, "the target did not take the credential of the command")


async def _once(order: Order, purpose: Login, line: str, mint: Mint, reach: Reach, given: bytes = b"") -> bool:
    """One login that is not the run; whether its script said that all is well."""
    known = {"target": order.target.name, "request": order.request, "purpose": purpose}
    try:
        connection = await _login(order, purpose, mint, reach)
        try:
            end, report = await run(connection, line, given)
        finally:
            await connection.end()
    except JumphostError as error:
        log.warning("login.failed", code=error.code, message=error.message, detail=error.detail, **known)
        return False
    if end != Exit():
        log.warning("login.said", status=end.status, signal=end.signal, report=report, **known)
    return end == Exit()


def _silent(error: TimeoutError) -> Unavailable:
    """What a target that let us in and then says nothing means; with the notes of ``error``."""
    silent = Unavailable(Code.TARGET_UNREACHABLE, "the target let the login in and then did not answer")
    for note in getattr(error, "__notes__", ()):
        silent.add_note(note)
    return silent


async def _login(
    order: Order, purpose: Login, mint: Mint, reach: Reach, spare: TargetConnection | None = None
) -> TargetConnection:
    return await connect(order.target, order.login, lambda address: mint(purpose, address), reach, spare)
