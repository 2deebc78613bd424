"""Sockets on SSH targets: the target's sshd listens there for us, and hands each connection over as a channel.

It makes them readable to the login alone (streamlocal-forward@openssh.com; StreamLocalBindMask is 0177), refuses a path
that there is, and removes none: the stop script does (``command.forced``).
"""

import asyncssh

from jumphost import fastwire, wire
from jumphost.errors import Code, Unavailable
from jumphost.stream import Socket


class SocketChannel(fastwire.FastChannel, asyncssh.SSHUNIXChannel[bytes]):
    """The channel that carries one connection to a socket."""


class SocketConnection(fastwire.FastConnection, asyncssh.SSHClientConnection):
    """A connection on which the target may open channels for the sockets that we asked for, and no others."""

    async def offer(self, socket: Socket, window_bytes: int) -> None:
        """Has the target make a socket, which is served as long as this connection lasts.

        Unavailable (credential.unavailable) if it makes none, (target.unreachable) if it breaks off.
        """
        try:
            await self.start_unix_server(
                lambda: socket.serve, socket.path, window=window_bytes, max_pktsize=wire.PACKET
            )
        except (OSError, asyncssh.Error, asyncssh.ChannelListenError) as error:
            code, what = (
                (Code.TARGET_UNREACHABLE, "the connection to the target broke before the command ran")
                if self.is_closed()
                else (
                    Code.CREDENTIAL_UNAVAILABLE,
                    "the target makes no socket for a credential: see `jumphost target enroll`",
                )
            )
            raise Unavailable(code, what, detail=str(error)) from error

    def create_unix_channel(
        self,
        encoding: str | None = None,
        errors: str = "strict",
        window: int = 1 << 20,
        max_pktsize: int = wire.PACKET,
    ) -> SocketChannel:
        """The channel that asyncssh asks for when somebody has connected to a socket."""
        return SocketChannel(self, self._loop, encoding, errors, window, max_pktsize)
