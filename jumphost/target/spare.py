"""Connections opened ahead, so that the next command of a caller's connection need not wait for a key exchange.

A spare is a connection on which nobody has asked to log in. It belongs to one connection of a caller, one login and one
entry of ``targets.yaml``, and carries one login at most: ``take`` gives it away.

The first command of a connection opens none: most callers send one, and OpenSSH 9.8 and later lock out addresses whose
connections end again and again without a login (``PerSourcePenalties``, noauth).
"""

import asyncio
from collections.abc import Callable
from typing import Final

import asyncssh

from jumphost.model.target import Target
from jumphost.target.connection import Reach, TargetConnection, ahead

KEEP_S: Final = 30.0  # a quarter of sshd's LoginGraceTime
PER_TARGET: Final = 5  # half of the strangers that sshd's MaxStartups lets in before it turns some away


class Spares:
    """At most one for each connection of a caller and target, and PER_TARGET for each target."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._served: dict[str, set[str]] = {}  # connections that had a command, and on which targets
        self._spares: dict[tuple[str, str], _Spare] = {}

    def prepare(self, connection: str, target: Target, login: str) -> None:
        """A command of the caller's connection has ended: opens a spare for the next, if this was not the first."""
        key = (connection, target.name)
        served = self._served.setdefault(connection, set())
        if target.name not in served:
            served.add(target.name)
        elif key not in self._spares and sum(name == target.name for _, name in self._spares) < PER_TARGET:
            self._spares[key] = _Spare(target, login, self._reach, on_end=lambda: self._drop(key))

    async def take(self, connection: str, target: Target, login: str) -> TargetConnection | None:
        """The spare for this login, once it is open; None if there is none. Nobody else gets it."""
        spare = self._spares.pop((connection, target.name), None)
        if spare is None:
            return None
        if (spare.target, spare.login) != (target, login):  # the entry was changed meanwhile
            spare.drop()
            return None
        return await spare.taken()

    def leave(self, connection: str) -> None:
        """The caller's connection has ended, and its spares with it."""
        for name in self._served.pop(connection, ()):
            self._drop((connection, name))

    def _drop(self, key: tuple[str, str]) -> None:
        spare = self._spares.pop(key, None)
        if spare is not None:
            spare.drop()


class _Spare:
    """``on_end`` is called when it was kept for too long."""

    def __init__(self, target: Target, login: str, reach: Reach, on_end: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.target, self.login = target, login
        self._opening = loop.create_task(_opened(target, login, reach))
        self._timer = loop.call_later(KEEP_S, on_end)

    async def taken(self) -> TargetConnection | None:
        """The connection; None if it could not be opened."""
        self._timer.cancel()
        try:
            return await self._opening
        except asyncio.CancelledError:
            self.drop()
            raise

    def drop(self) -> None:
        """Ends it, whether it is open or not."""
        self._timer.cancel()
        self._opening.cancel()
        self._opening.add_done_callback(_abort)


async def _opened(target: Target, login: str, reach: Reach) -> TargetConnection | None:
    try:
        return await ahead(target, login, reach)
    except (OSError, asyncssh.Error):
        return None  # the next command tries for itself, and tells why it cannot


def _abort(opening: "asyncio.Task[TargetConnection | None]") -> None:
    if not opening.cancelled() and (connection := opening.result()) is not None:
        connection.abort()
