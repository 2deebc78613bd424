"""A certificate that may be signed, and what every rule for one needs."""

from typing import Literal, NoReturn

from msgspec import Struct

from jumphost.errors import Code, Refused
from jumphost.sshkey import PublicKey, read_line

SKEW_S = 30  # how far a certificate begins before now: clocks of targets differ

Kind = Literal["caller", "exchange", "deliver", "run", "stop", "signal", "check", "host"]


class Draft(Struct, frozen=True):
    """A certificate that may be signed. Times are seconds since the epoch."""

    ca: Literal["caller", "target", "host"]
    kind: Kind
    key: PublicKey
    key_id: str
    principal: str
    valid_after: int
    valid_before: int
    critical: dict[str, str]
    also: tuple[str, ...] = ()  # further principals, of a host
    extensions: dict[str, bytes] = {}
    decision: str = ""
    input_digest: str = ""
    hold: str = ""
    until: int = 0  # when the decision may be forgotten
    connection: str = ""  # id of the caller's, where the login serves it
    line: str = ""  # what runs, where no forced command says it
    renewed: str = ""  # serial of the certificate that bought it


def key_of(line: str) -> PublicKey:
    """The public key in a line of ``authorized_keys``; Refused if there is none, or it is one of a person."""
    try:
        key = read_line(line)
    except ValueError as error:
        refuse(str(error))
    if key.algorithm.startswith("sk-"):
        refuse("got a security key, expected a key that a machine can use alone: ed25519, ecdsa or rsa")
    return key


def refuse(message: str, *, detail: str = "") -> NoReturn:
    """Raises Refused (signer.refused)."""
    raise Refused(Code.SIGNER_REFUSED, message, detail=detail) from None
