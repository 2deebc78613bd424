"""A server of accounts in memory, and a Provider for it that does all that the contract asks."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field

from jumphost.credential.base import Material, Minted, Recipient
from jumphost.errors import Code, Unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret

MARK = "lease_"  # begins the name of every account that the provider makes


class ShutOut(Exception):
    """The server does not know the account, or not any more."""


@dataclass
class Accounts:
    """The server: a password for each account."""

    known: dict[str, bytes] = field(default_factory=dict)
    down: bool = False

    def enter(self, material: Material) -> "Entered":
        """A session of the account that the material names; ShutOut."""
        user, password = material["user"], material["password"]
        assert isinstance(user, str)
        assert isinstance(password, Secret)
        if self.known.get(user) != password.reveal():
            raise ShutOut(user)
        return Entered(self, user, self.known[user])


@dataclass(frozen=True, slots=True)
class Entered:
    """An open session."""

    accounts: Accounts
    user: str
    password: bytes = field(repr=False)

    async def ask(self) -> None:
        """ShutOut once the account is gone."""
        if self.accounts.known.get(self.user) != self.password:
            raise ShutOut(self.user)

    async def close(self) -> None: ...


class MemoryProvider:
    """Implements ``credential.base.Provider``; ``asked`` are the calls that came, in their order."""

    kind, template = "memory", "reader"

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.asked: list[tuple[str, str]] = []

    def subject(self, request: str) -> str:
        return f"{MARK}{request}_{secrets.token_hex(4)}"

    async def issue(self, lease: Lease) -> Minted:
        self._reach("issue", lease.subject)
        password = secrets.token_urlsafe(24).encode()
        self.accounts.known[lease.subject] = password
        return Minted(lease, {"user": lease.subject, "password": Secret(password)})

    async def revoke(self, lease: Lease) -> None:
        self._reach("revoke", lease.subject)
        self.accounts.known.pop(lease.subject, None)

    async def left(self) -> Collection[str]:
        self._reach("left", "")
        return {name for name in self.accounts.known if name.startswith(MARK)}

    async def close(self) -> None: ...

    def _reach(self, call: str, subject: str) -> None:
        self.asked.append((call, subject))
        if self.accounts.down:
            raise Unavailable(Code.CREDENTIAL_UNAVAILABLE, "the server of accounts does not answer")


class ScriptedDelivery:
    """Implements ``credential.base.Delivery``: hands over the name of the account; its secret is for no output."""

    def __init__(self) -> None:
        self.delivered: list[Minted] = []
        self.closed: list[str] = []  # subjects

    async def prepare(self, minted: Minted, recipient: Recipient) -> "ScriptedDelivered":
        self.delivered.append(minted)
        password = minted.material["password"]
        assert isinstance(password, Secret)
        return ScriptedDelivered(self, minted.lease.subject, (password,))


@dataclass(frozen=True, slots=True)
class ScriptedDelivered:
    """What the command gets: ``LEASED`` is the subject."""

    delivery: ScriptedDelivery
    subject: str
    secrets: tuple[Secret, ...] = ()
    socket: None = None
    file: None = None

    @property
    def env(self) -> dict[str, str]:
        """For the command."""
        return {"LEASED": self.subject}

    async def close(self) -> None:
        """Notes it."""
        self.delivery.closed.append(self.subject)
