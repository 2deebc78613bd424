"""Where an OPA server is, and how to come to it."""

from dataclasses import dataclass

from jumphost.config.settings import server_address
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
        return ("localhost", 80) if self.socket else server_address(self.url)
