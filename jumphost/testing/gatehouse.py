"""The parts of a gateway on a real site and a real store, and callers who come to it without a network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import asyncssh
import msgspec

from jumphost.approval.holds import Holds
from jumphost.clock import NS_PER_S, new_id
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.credential.leases import Leases
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.connection import Connection
from jumphost.gateway.generations import Generations
from jumphost.gateway.parts import Parts
from jumphost.gateway.standing import Standing
from jumphost.identity.enrolment import Enrolments
from jumphost.model.event import Event, Kind
from jumphost.model.identity import Caller
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock
from jumphost.testing.people import Person, pending
from jumphost.testing.signing import NearSigner

NAME = "order-service"  # of `init --example`
ADDRESS = "192.0.2.7"
TTL_S = 600
PER_IDENTITY = 4


@dataclass
class Client:
    """As much of asyncssh's connection and channel as callers without a network need; keeps what it is sent."""

    disconnected: list[str] = field(default_factory=list)
    stderr: str = ""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The version string."""
        return "SSH-2.0-test" if name == "client_version" else default

    def disconnect(self, code: int, reason: str) -> None:
        """Of the connection."""
        self.disconnected.append(reason)

    def is_closing(self) -> bool:
        """Of the channel."""
        return False

    def pause_reading(self) -> None:
        """Of the channel: its input is what a test hands it."""

    def resume_reading(self) -> None:
        """Likewise."""

    def write(self, data: bytes, datatype: int | None = None) -> None:
        """Of the channel: lines on standard error."""
        assert datatype == asyncssh.EXTENDED_DATA_STDERR
        self.stderr += data.decode()


@dataclass
class Gatehouse:
    """The example site; alice and carol are its approvers."""

    site: Site
    clock: ManualClock
    store: Store
    standing: Standing
    holds: Holds
    alice: Person
    carol: Person

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> "AsyncIterator[Gatehouse]":
        """A new one in an empty folder."""
        site, clock = create_site(folder / "site", example=True), ManualClock()
        store = Store.open(site.journal_db, log="gw")
        alice, carol = Person("alice"), Person("carol", ("dba", "security"))
        people = {person.name: person.entry for person in (alice, carol)}
        holds = Holds(store, clock, lambda: people, per_identity=PER_IDENTITY)
        yield cls(site, clock, store, Standing(site, []), holds, alice, carol)
        await store.close()

    def parts(self, **others: Any) -> Parts:
        """With nothing at the ports that the site does not make; ``others`` are put there."""
        ports: dict[str, Any] = {part.name: None for part in fields(Parts)}
        ports |= {
            "clock": self.clock,
            "settings": self.standing.config.settings,
            "standing": self.standing,
            "generations": Generations(self.store, self.clock, self.standing, NearSigner(self.site, self.clock)),
            "enrolments": Enrolments(self.store, self.clock),
            "holds": self.holds,
            "store": self.store,
            "recordings": self.site.recordings,
            "runners": {},
            "leases": Leases(self.store, self.clock, {}),
        }
        return Parts(**ports | others)

    def certificate(self, name: str = NAME, *, ca: str = "caller_ca", serial: int = 7) -> bytes:
        """A login in wire form, good for TTL_S seconds."""
        now = self.clock.now_ns() // NS_PER_S
        made = asyncssh.read_private_key(self.site.signer / ca).generate_user_certificate(
            asyncssh.generate_private_key("ssh-ed25519"),
            name,
            serial=serial,
            principals=[name],
            valid_after=now - 30,
            valid_before=now + TTL_S,
        )
        return made.public_data

    def caller(self, name: str = NAME, **options: Any) -> Caller:
        """Who such a certificate proves."""
        return self.standing.admit(self.certificate(name, **options), source=ADDRESS, now_ns=self.clock.now_ns())

    def channel(self, name: str = NAME, *, raw: bytes = b"uptime", username: str = "payments-db") -> CallerChannel:
        """One exec of a caller who logged in; its ``client`` keeps what it is told."""
        client = Client()
        connection = Connection(new_id(self.clock), cast(asyncssh.SSHServerConnection, client))
        connection.came_from(ADDRESS, 50_000)
        connection.bind(username, self.caller(name))
        channel = CallerChannel(connection, lambda _: None)
        channel.connection_made(cast("asyncssh.SSHServerChannel[bytes]", client))
        channel.requested("exec", raw)
        return channel

    async def held(self, **changes: Any) -> Any:
        """A hold that was just opened."""
        self.clock.advance(0.001)  # ids are in order to the millisecond
        hold = pending(self.clock, **changes)
        return await self.holds.open(hold, Event(Kind.HOLD_OPEN, self.clock.now_ns(), identity=hold.identity))

    async def events(self) -> list[dict[str, Any]]:
        """What the journal holds."""
        query = "SELECT body FROM event ORDER BY idx"
        return await self.store.read(lambda opened: [msgspec.json.decode(body) for (body,) in opened.execute(query)])


def client(channel: CallerChannel) -> Client:
    """The other end of a ``Gatehouse.channel``."""
    return cast(Client, channel._channel)
