"""What the journal holds: one event is one line of exact bytes.

Append-only: kinds and fields are only added.
"""

from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from jumphost.clock import rfc3339

VERSION = 1


class Kind(StrEnum):
    """The closed list of CONTRACTS §9."""

    AUTH_OK = "auth.ok"
    AUTH_REFUSED = "auth.refused"
    SESSION_OPEN = "session.open"
    SESSION_CLOSE = "session.close"
    COMMAND_REQUEST = "command.request"
    COMMAND_DECISION = "command.decision"
    COMMAND_ALERT = "command.alert"
    COMMAND_START = "command.start"
    COMMAND_EXIT = "command.exit"
    COMMAND_CUT = "command.cut"
    COMMAND_STOP = "command.stop"
    REQUEST_REFUSED = "request.refused"
    TARGET_SCAN = "target.scan"
    HOLD_OPEN = "hold.open"
    HOLD_DETACH = "hold.detach"
    HOLD_WITHDRAW = "hold.withdraw"
    HOLD_APPROVE = "hold.approve"
    HOLD_REJECT = "hold.reject"
    HOLD_EXPIRE = "hold.expire"
    HOLD_CONSUME = "hold.consume"
    CREDENTIAL_ISSUE = "credential.issue"
    CREDENTIAL_USE = "credential.use"
    CREDENTIAL_REVOKE = "credential.revoke"
    MASK_COUNT = "mask.count"
    MASK_ECHO = "mask.echo"
    RECORDING_OPEN = "recording.open"
    RECORDING_PROGRESS = "recording.progress"
    RECORDING_SEAL = "recording.seal"
    RECORDING_RECOVERED = "recording.recovered"
    POLICY_LOAD = "policy.load"
    POLICY_REJECTED = "policy.rejected"
    CONFIG_CHANGE = "config.change"
    IDENTITY_DISABLE = "identity.disable"
    IDENTITY_ENROLL = "identity.enroll"
    IDENTITY_LOCK = "identity.lock"
    IDENTITY_UNLOCK = "identity.unlock"
    CA_CHANGE = "ca.change"
    CERT_ISSUE = "cert.issue"
    CERT_REFUSED = "cert.refused"
    CERT_REVOKE = "cert.revoke"
    VIEW_REPLAY = "view.replay"
    SYSTEM_START = "system.start"
    SYSTEM_STOP = "system.stop"


class Event(Struct, frozen=True):
    """An event before it is written; ``data`` holds JSON values and is merged into the line."""

    kind: Kind
    at_ns: int
    session: str = ""
    connection: str = ""
    decision: str = ""
    identity: str = ""
    target: str = ""
    data: dict[str, Any] = {}


_FIXED = frozenset({"v", "log", "idx", "at", "kind", "session", "connection", "decision", "identity", "target"})


def encode(event: Event, *, log: str, index: int) -> bytes:
    """The exact bytes that are stored and later hashed: compact JSON with sorted keys.

    ValueError if ``data`` uses a fixed name: no event can forge another's fields.
    """
    if clash := _FIXED & event.data.keys():
        raise ValueError(f"got the fixed names {sorted(clash)} in the data of {event.kind}")
    return msgspec.json.encode(
        {
            "v": VERSION,
            "log": log,
            "idx": index,
            "at": rfc3339(event.at_ns),
            "kind": event.kind.value,
            "session": event.session,
            "connection": event.connection,
            "decision": event.decision,
            "identity": event.identity,
            "target": event.target,
            **event.data,
        },
        order="deterministic",
    )
