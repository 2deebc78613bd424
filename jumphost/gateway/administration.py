"""The verbs of the control socket: what an operator may ask of a running gateway."""

import asyncio
import sqlite3
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from jumphost.clock import rfc3339
from jumphost.config.authorities import State
from jumphost.errors import Code, Refused
from jumphost.gateway.control import Verb
from jumphost.gateway.parts import Parts
from jumphost.gateway.server import Gateway
from jumphost.identity.enrolment import MAX_TTL_S
from jumphost.identity.revocation import Revocation
from jumphost.model.approval import Approval, Hold
from jumphost.model.event import Event, Kind
from jumphost.store import revocations

T = TypeVar("T")


class NoArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to say."""


class HoldArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hold, and why something is done to it."""

    hold: str
    reason: str = ""


class IdentityArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine."""

    identity: str


class EnrollArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine, and for how many seconds its token is good."""

    identity: str
    ttl_s: Annotated[int, msgspec.Meta(ge=1, le=MAX_TTL_S)]


class CaArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step that an operator took to change a CA, and its keys since then."""

    step: Literal["rotate", "switch", "retire"]
    state: State


class IssuedArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate that an operator had the signer make."""

    identity: str
    serial: str
    key: str
    valid_before: str


class ListArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of a revocation list, or of a part of it; ``sha256`` is that of the whole file."""

    sha256: str
    entries: tuple[Revocation, ...]


class AnswerArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person's signed verdict."""

    approval: Approval


class ViewArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recording that somebody looks at."""

    session: str
    viewer: str = ""


class ScanArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A first contact with a target."""

    target: str
    host: str
    port: int
    fingerprint: str


class Administration:
    """Each verb takes its arguments strictly and returns JSON values."""

    def __init__(self, parts: Parts, gateway: Gateway) -> None:
        self._parts, self._gateway = parts, gateway

    def verbs(self) -> dict[str, Verb]:
        """By name, as ``control.call`` asks for them."""
        return {
            "approval.list": self._list,
            "approval.show": self._show,
            "approval.answer": self._answer,
            "approval.withdraw": self._withdraw,
            "credential.list": self._leases,
            "site.reload": self._reload,
            "cert.revoke": self._revoke,
            "ca.changed": self._ca_changed,
            "cert.issued": self._issued,
            "cert.revoke_list": self._revoke_list,
            "identity.enroll": self._enroll,
            "identity.unlock": self._unlock,
            "target.scan": self._scanned,
            "view.replay": self._viewed,
        }

    async def _list(self, args: dict[str, Any]) -> list[dict[str, Any]]:
        _read(args, NoArgs)
        await self._parts.holds.expire_due()
        return [_shown(hold) for hold in self._parts.holds.live()]

    async def _show(self, args: dict[str, Any]) -> dict[str, Any]:
        return _shown(self._parts.holds.get(_read(args, HoldArgs).hold))

    async def _answer(self, args: dict[str, Any]) -> dict[str, Any]:
        return _shown(await self._parts.holds.answer(_read(args, AnswerArgs).approval))

    async def _withdraw(self, args: dict[str, Any]) -> dict[str, Any]:
        wanted = _read(args, HoldArgs)
        return _shown(await self._parts.holds.withdraw(wanted.hold, wanted.reason))

    async def _leases(self, args: dict[str, Any]) -> list[Any]:
        """Those that are live."""
        _read(args, NoArgs)
        return [msgspec.to_builtins(kept) for kept in self._parts.leases.live()]

    async def _reload(self, args: dict[str, Any]) -> dict[str, Any]:
        """Takes up the site's files; logins that they no longer allow end at once."""
        _read(args, NoArgs)
        before = self._parts.standing.config.identities
        await asyncio.to_thread(self._parts.standing.reload)
        after = self._parts.standing.config.identities
        disabled = [
            name for name, entry in before.items() if entry.enabled and not (name in after and after[name].enabled)
        ]
        self._gateway.let_go()
        await self._journal(Kind.CONFIG_CHANGE)
        for name in disabled:
            await self._journal(Kind.IDENTITY_DISABLE, identity=name)
        return await self._gateway.shut_out(*disabled)

    async def _revoke(self, args: dict[str, Any]) -> dict[str, Any]:
        entry = _read(args, Revocation)
        now = self._parts.clock.now_ns()
        event = Event(Kind.CERT_REVOKE, now, data={"by": entry.kind, "value": entry.value, "reason": entry.reason})
        await self._parts.store.write(
            lambda connection: revocations.insert(connection, entry.kind, entry.value, entry.reason, now), event
        )
        self._parts.standing.revoke(entry)
        gone = [entry.value] if entry.kind == "identity" else []
        return await self._gateway.shut_out(*gone)

    async def _ca_changed(self, args: dict[str, Any]) -> None:
        changed = _read(args, CaArgs)
        state = msgspec.to_builtins(changed.state)
        await self._journal(Kind.CA_CHANGE, ca=state.pop("kind"), step=changed.step, **state)

    async def _issued(self, args: dict[str, Any]) -> None:
        made = _read(args, IssuedArgs)
        data = {"how": "operator", "serial": made.serial, "key": made.key, "valid_before": made.valid_before}
        await self._journal(Kind.CERT_ISSUE, identity=made.identity, **data)

    async def _revoke_list(self, args: dict[str, Any]) -> dict[str, int]:
        given = _read(args, ListArgs)
        now, reason = self._parts.clock.now_ns(), f"list {given.sha256[:64]}"
        data = {"by": "krl", "value": given.sha256[:64], "entries": len(given.entries), "reason": reason}

        def keep(opened: sqlite3.Connection) -> None:
            for entry in given.entries:
                revocations.insert(opened, entry.kind, entry.value, reason, now)

        await self._parts.store.write(keep, Event(Kind.CERT_REVOKE, now, data=data))
        self._parts.standing.revoke(*given.entries)
        return await self._gateway.shut_out()

    async def _enroll(self, args: dict[str, Any]) -> dict[str, str]:
        """The only answer that has the token in it."""
        wanted = _read(args, EnrollArgs)
        entry = self._parts.standing.config.identities.get(wanted.identity)
        if entry is None or not entry.enabled:
            message = f"got identity {wanted.identity!r}, expected one that is registered and enabled"
            raise Refused(Code.REQUEST_INVALID, message)
        opened = await self._parts.enrolments.open(wanted.identity, wanted.ttl_s)
        return opened.told()

    async def _unlock(self, args: dict[str, Any]) -> bool:
        """Whether there was a lock to take away."""
        return await self._parts.generations.unlock(_read(args, IdentityArgs).identity)

    async def _scanned(self, args: dict[str, Any]) -> None:
        scan = _read(args, ScanArgs)
        data = {"host": scan.host, "port": scan.port, "fingerprint": scan.fingerprint}
        await self._parts.store.write(
            None, Event(Kind.TARGET_SCAN, self._parts.clock.now_ns(), target=scan.target, data=data)
        )

    async def _viewed(self, args: dict[str, Any]) -> None:
        view = _read(args, ViewArgs)
        await self._journal(Kind.VIEW_REPLAY, session=view.session, viewer=view.viewer)

    async def _journal(self, kind: Kind, *, identity: str = "", session: str = "", **data: Any) -> None:
        now = self._parts.clock.now_ns()
        await self._parts.store.write(None, Event(kind, now, identity=identity, session=session, data=data))


def _read(args: dict[str, Any], shape: type[T]) -> T:
    try:
        return msgspec.convert(args, shape)
    except msgspec.ValidationError as error:
        raise Refused(Code.REQUEST_INVALID, str(error)) from error


def _shown(hold: Hold) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(hold)
    return {**shown, "created": rfc3339(hold.created_ns), "expires": rfc3339(hold.expires_ns)}
