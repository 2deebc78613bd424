"""Unix sockets between our own processes: who may reach them, and who is at the other end."""

import asyncio
import os
import socket
import struct
from pathlib import Path


def bound(path: Path, mode: int = 0o600) -> socket.socket:
    """A socket bound to ``path`` with ``mode`` from its first moment; a stale one is replaced.

    Linux gives the file the mode of the unbound socket (``unix_bind`` in net/unix/af_unix.c), less the umask. Setting
    the umask for a moment instead would set it for every thread. OSError; a path may have 107 bytes (unix(7)).
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    os.fchmod(listener.fileno(), mode)
    listener.bind(str(path))
    path.chmod(mode)  # with what the umask took
    return listener


def peer_uid(writer: asyncio.StreamWriter) -> int:
    """The uid at the other end, by the kernel's word: SO_PEERCRED, a struct ucred of pid, uid, gid (unix(7))."""
    peer: socket.socket = writer.get_extra_info("socket")
    uid: int = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))[1]
    return uid
