"""Which process had a credential: made of the events that say it was issued, used and ended. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from jumphost.clock import rfc3339


class Use(Struct, frozen=True):
    """One credential that a command had; what is not known (yet) is empty. Times are RFC 3339."""

    lease: str
    provider: str
    subject: str  # role, or LOGIN@TARGET of a certificate
    session: str  # the request whose command had it
    connection: str
    decision: str
    identity: str
    target: str
    issued: str
    expires: str
    name: str = ""  # under ``credentials:``
    template: str = ""
    delivery: str = ""
    serial: str = ""  # of a certificate
    purpose: str = ""  # of a certificate: run, stop, or a signal
    revoked: str = ""
    reason: str = ""  # why it was ended
    left: bool = False  # its end failed, and is not known
    shared: tuple[str, ...] = ()  # sessions that ran on the login that it opened


def uses(issued: Iterable[bytes], ended: Iterable[bytes], ran: Mapping[str, tuple[str, ...]]) -> list[Use]:
    """One for each ``credential.issue``; ``ended`` are events ``credential.revoke``, oldest first.

    ``ran`` are the sessions that used the login of another, by the id of that one.
    """
    ends: dict[str, dict[str, Any]] = {}
    for body in ended:
        event = msgspec.json.decode(body)
        ends[event["lease"]] = event
    return [_use(msgspec.json.decode(body), ends, ran) for body in issued]


def _use(event: dict[str, Any], ends: Mapping[str, dict[str, Any]], ran: Mapping[str, tuple[str, ...]]) -> Use:
    end = ends.get(event["lease"], {})
    left = bool(end.get("left"))
    return msgspec.convert(
        {
            **{name: value for name, value in event.items() if name in Use.__struct_fields__},
            "issued": event["at"],
            "expires": rfc3339(event["expires_ns"]),
            "revoked": "" if left else end.get("at", ""),
            "reason": end.get("reason", ""),
            "left": left,
            "shared": ran.get(event["session"], ()) if event.get("purpose") == "run" else (),
        },
        Use,
    )
