"""Telling the service manager how far we are: sd_notify(3), its protocol without its library."""

import os
import socket

import structlog

log = structlog.get_logger(__name__)


def notify(state: str) -> None:
    """Says ``READY=1`` or ``STOPPING=1`` where NOTIFY_SOCKET names a listener; nothing where none does.

    One that does not listen is no reason not to serve. A name that begins with @ is abstract: to the kernel, NUL.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            manager.sendall(state.encode())
    except OSError as error:
        log.warning("supervisor.not_told", state=state, error=str(error))
