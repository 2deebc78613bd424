"""Where an OPA server is, and how to come to it."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from jumphost.secret import Secret


@dataclass(frozen=True, slots=True)
class Place:
    """A unix socket or a URL; ``ca`` is a file of PEM certificates, and without one those of the system are trusted."""

    url: str = ""
    socket: str = ""
    token: Secret | None = None
    ca: str = ""

    @property
    def tls(self) -> bool:
        """Whether the server proves who it is."""
        return self.url.startswith("https://")

    @property
    def address(self) -> tuple[str, int]:
        """Host, in brackets where it is an IPv6 address, and port; of no meaning for a socket."""
        return ("localhost", 80) if self.socket else parse(self.url)


def parse(url: str) -> tuple[str, int]:
    """Host and port of ``https://HOST[:PORT]``; ValueError says got, expected.

    Plain HTTP is for loopback addresses only: whoever is on the way could allow anything.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or f"{parts.scheme}://{parts.netloc}" != url.rstrip("/"):
        raise ValueError(f"got {url!r}, expected https://HOST:PORT, without a path")
    if "@" in parts.netloc:
        raise ValueError("got a password in a URL, expected it in the file of policy.token")
    if parts.scheme == "http" and not _loopback(host):
        raise ValueError(f"got {url!r}, expected https, or an address of this machine")
    return (f"[{host}]" if ":" in host else host), parts.port or (443 if parts.scheme == "https" else 80)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
