"""Logins that serve one connection of a caller: for targets of mode connection.

(1) A login is made by the first command of a connection, with that command's certificate, and belongs to that
connection, that login name and that entry of ``targets.yaml``: nobody else's command gets a seat on it.
(2) Every later command is noted with the signer before it begins (``Use``); it may begin at most LOGIN_LIFE_S after.
(3) A login that nothing runs on ends after IDLE_S, or at once when the connection it serves has ended.
(4) A command that was sent is sent once: what dies with the login is never begun on another.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncssh

from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.target import LOGIN_LIFE_S, Target
from jumphost.stream import Socket
from jumphost.target.base import Order, Use
from jumphost.target.connection import Reach, TargetChannel, TargetConnection

IDLE_S: Final = 30.0
AT_ONCE: Final = 8  # commands; sshd's MaxSessions is 10, and counts one that ended until it has seen it end
MARGIN_S: Final = 60.0  # before LOGIN_LIFE_S: the signer counts from an earlier moment
CLOSE_S: Final = 2.0  # for a target to confirm that a channel is closed


def shared() -> Refused:
    """Why what is leased to one command gets to no login of mode connection."""
    return Refused(Code.POLICY_UNSUPPORTED, "a login that several commands share takes no credential for one of them")


class Seat:
    """One command's place on a login; what it does to it, it does to nobody else's."""

    def __init__(self, login: "_Login") -> None:
        self._login = login
        self._channel: TargetChannel | None = None
        self._asking = False
        self._left = False

    async def execute(self, session: asyncssh.SSHClientSession[bytes], line: str, window_bytes: int) -> TargetChannel:
        """As ``TargetConnection.execute``."""
        self._asking = True
        try:
            self._channel = await self._login.connection.execute(session, line, window_bytes)
        finally:
            self._asking = False
        return self._channel

    async def offer(self, socket: Socket, window_bytes: int) -> None:
        """Refused: the other commands of the login could use what is leased to one."""
        raise Refused(
            Code.POLICY_UNSUPPORTED, "a login that several commands share takes no credential for one of them"
        )

    def abort(self) -> None:
        """Breaks off. Where the target has not answered yet, all of the login: the command might begin later."""
        if self._asking:
            self._login.connection.abort()
        elif self._channel is not None:
            self._channel.abort()
        self._leave()

    async def end(self) -> None:
        """Closes the channel; a login whose target does not confirm it takes no more commands."""
        if self._channel is not None and not self._left:
            self._channel.abort()
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self._channel.wait_closed()
            except TimeoutError:
                self._login.retire()
        self._leave()

    def _leave(self) -> None:
        if not self._left:
            self._left = True
            self._login.free()


class Logins:
    """The logins of all connections of callers: one each, and one more for every AT_ONCE commands at the same time."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._rows: dict[str, _Row] = {}

    async def seat(self, order: Order, log_in: Callable[[], Awaitable[TargetConnection]], use: Use) -> Seat:
        """A seat for the command, on a login that is open or on the one that ``log_in`` makes.

        Raises what these do, and Unavailable (target.unreachable) where another command is logging in for too long.
        """
        row = self._rows.setdefault(order.connection, _Row())
        async with row.turn(self._reach.login_s):
            login = row.free_for(order)
            if login is None:
                row.add(login := _Login(await log_in(), order))
                return login.take()
            seat = login.take()
        try:
            await use(login.opened_by)
        except BaseException:
            seat.abort()
            raise
        return seat

    def leave(self, connection: str) -> None:
        """The caller's connection has ended: its logins end, those that commands run on with the last of these."""
        row = self._rows.pop(connection, None)
        if row is not None:
            row.leave()


class _Row:
    """The logins of one connection of a caller."""

    def __init__(self) -> None:
        self._logins: list[_Login] = []
        self._turn = asyncio.Lock()
        self._left = False

    @asynccontextmanager
    async def turn(self, patience_s: float) -> AsyncIterator[None]:
        """One command at a time: those that come while the first logs in take a seat on its login."""
        try:
            async with asyncio.timeout(patience_s):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable(
                Code.TARGET_UNREACHABLE, "another command of this connection is still logging in to the target"
            ) from None
        try:
            yield
        finally:
            self._turn.release()

    def free_for(self, order: Order) -> "_Login | None":
        self._logins = [login for login in self._logins if not login.over]
        return next((login for login in self._logins if login.has_room(order.target, order.login)), None)

    def add(self, login: "_Login") -> None:
        self._logins.append(login)
        if self._left:
            login.retired = True

    def leave(self) -> None:
        self._left = True
        for login in self._logins:
            login.retire()


class _Login:
    def __init__(self, connection: TargetConnection, order: Order) -> None:
        self.connection, self.opened_by = connection, order.request
        self.retired = False
        self._target, self._name = order.target, order.login
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + LOGIN_LIFE_S - MARGIN_S
        self._taken = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def over(self) -> bool:
        """Whether the connection to the target has ended."""
        return self.connection.is_closed()

    def has_room(self, target: Target, name: str) -> bool:
        return (
            (self._target, self._name) == (target, name)
            and not self.retired
            and self._taken < AT_ONCE
            and self._loop.time() < self._until
        )

    def take(self) -> Seat:
        if self._timer is not None:
            self._timer.cancel()
        self._taken += 1
        return Seat(self)

    def free(self) -> None:
        """A seat is free again; the last one decides when the login ends."""
        self._taken -= 1
        if self._taken == 0:
            self._timer = self._loop.call_later(0 if self.retired else IDLE_S, self.retire)

    def retire(self) -> None:
        """Takes no more commands, and ends once it has none."""
        self.retired = True
        if self._taken == 0:
            if self._timer is not None:
                self._timer.cancel()
            self.connection.close()
