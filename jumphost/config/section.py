"""What every section of ``jumphost.yaml`` is made of."""

from ipaddress import ip_address
from typing import Annotated

from msgspec import Meta, Struct

Duration = Annotated[int, Meta(ge=1, extra={"duration": True})]  # seconds; written 90, 90s, 15m, 2h or 7d
Horizon = Annotated[int, Meta(ge=0, extra={"duration": True})]  # likewise; 0: never
Positive = Annotated[int, Meta(ge=1)]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every section."""


def loopback(host: str) -> bool:
    """Whether the text is an address of this machine; a name never is: who answers for it is not ours to say."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
