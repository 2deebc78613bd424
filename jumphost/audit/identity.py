"""What the journal knows of one identity: its certificates, who gave them, where they were used, and when. Pure."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from jumphost.model.event import Kind

KINDS = (Kind.AUTH_OK, Kind.CERT_ISSUE)


class Known(Struct):
    """One certificate as far as the journal knows it; times are RFC 3339, what is not known is empty."""

    serial: str
    ca: str = ""
    how: str = ""  # who gave it: operator, renewal, exchange, enrolment; "": another CA, or while no gateway ran
    issued: str = ""
    issuer: str = ""
    family: str = ""
    generation: int = 0
    key: str = ""
    valid_before: str = ""
    logins: int = 0
    first_use: str = ""
    last_use: str = ""
    sources: list[str] = []


class Traces(Struct):
    """All of them, the newest last."""

    certificates: list[Known]
    issuers: list[str]
    sources: dict[str, str]  # address → last use
    last_use: str = ""


def traces(bodies: Iterable[bytes]) -> Traces:
    """Made of the events of ``KINDS`` of one identity, in their order."""
    found: dict[str, Known] = {}
    issuers: dict[str, None] = {}
    sources: dict[str, str] = {}
    last = ""
    for body in bodies:
        event = msgspec.json.decode(body)
        serial = event["serial"]
        name = f"{event.get('ca', '')}:{serial}"
        known = found.get(f":{serial}") or found.setdefault(name, Known(serial))  # what was issued here names no CA
        _tell(known, event, "issuer", "family", "generation", "key", "valid_before")
        if event["kind"] == Kind.CERT_ISSUE:
            known.how, known.issued = event.get("how", ""), event["at"]
            continue
        last = event["at"]
        known.ca = event.get("ca", "")
        known.logins += 1
        known.first_use, known.last_use = known.first_use or last, last
        if event["source"] not in known.sources:
            known.sources.append(event["source"])
        sources[event["source"]] = last
        issuers[event.get("issuer", "")] = None
    return Traces(list(found.values()), list(issuers), sources, last)


def _tell(known: Known, event: dict[str, Any], *names: str) -> None:
    for name in names:
        if name in event:
            setattr(known, name, event[name])
