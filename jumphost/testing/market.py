"""An exchange of tokens in this process: a real site, signer, store and issuer, and what a client would send."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jumphost.config.issuers import Issuer
from jumphost.evidence import sshsig
from jumphost.evidence.sshsig import PrivateKey
from jumphost.gateway.standing import Standing
from jumphost.identity import jws
from jumphost.identity.enrolment import Enrolments
from jumphost.identity.exchange import Exchange, Order, Sold
from jumphost.identity.issuers import Issuers
from jumphost.identity.keys import IssuerKeys
from jumphost.identity.oidc import OidcIssuer
from jumphost.identity.proof import NAMESPACE
from jumphost.signer.protocol import ExchangeCaller, IssueCaller, Issued
from jumphost.store import spent
from jumphost.store.sqlite import Store
from jumphost.testing.issuer import AUDIENCE, LocalIssuer, unverified
from jumphost.testing.signing import SigningBench, issued, public_line
from jumphost.web import server
from jumphost.web.exchange import Shop
from jumphost.web.refusals import Refusals

NAME = "order-service"
SOURCE = "192.0.2.7"
CLAIMS: dict[str, Any] = {"repository": "acme/payments", "ref": "refs/heads/main"}
MATCH = {"require": CLAIMS, "identity": NAME, "scope": ["exec:*"]}


@dataclass(slots=True)
class Market:
    """``declared`` is what the gateway knows; the signer goes by the site's files."""

    bench: SigningBench
    issuer: LocalIssuer
    declared: dict[str, Issuer]
    store: Store
    standing: Standing
    exchange: Exchange = field(init=False)
    enrolments: Enrolments = field(init=False)
    sold: list[Issued] = field(default_factory=list)  # by the signer, whether or not it was given

    def order(self, token: str = "", *, key: PrivateKey | None = None, **changes: Any) -> Order:
        """What an honest client sends, with a token of its own; some fields may be others."""
        key = key or Ed25519PrivateKey.generate()
        nonce = changes.pop("nonce", None) or self.exchange.nonce()
        fields = {
            "token": unverified(token or self.issuer.token(**CLAIMS)),
            "public_key": public_line(key) if isinstance(key, Ed25519PrivateKey) else "",
            "nonce": nonce,
            "signature": sshsig.sign(key, nonce.encode(), NAMESPACE),
        }
        return Order(**{**fields, **changes})

    async def buy(self, order: Order) -> Sold:
        """One attempt."""
        return await self.exchange.buy(order, decision="attempt", source=SOURCE)

    async def ask(self, question: ExchangeCaller | IssueCaller) -> Issued:
        """The signer, as its client has it."""
        found = issued(self.bench.ask(question))
        self.sold.append(found)
        return found

    async def events(self) -> list[bytes]:
        """The journal's lines."""
        return await self.store.read(lambda opened: [row[0] for row in opened.execute("SELECT body FROM event")])

    async def restart(self) -> None:
        """As after the end of the process: what is not on disk is forgotten."""
        self.enrolments = Enrolments(self.store, self.bench.clock)
        self.exchange = Exchange(
            self.bench.clock.now_ns,
            _issuers(self.bench, self.issuer, self.declared),
            self.enrolments,
            self.ask,
            self.standing.entitled,
            self.store,
            await self.store.read(spent.everything),
        )


@dataclass(slots=True)
class Counter:
    """A market that is asked over HTTP, at ``url``."""

    market: Market
    url: str


@asynccontextmanager
async def counter(folder: Path, per_minute: int = 1 << 20) -> AsyncIterator[Counter]:
    """One in an empty folder, on a free port; it knows itself by the host CA ``ssh-ed25519 A``."""
    async with market(folder) as made:
        clock = made.bench.clock
        shop = Shop(
            made.exchange, Refusals(made.store, clock), per_minute, clock, lambda: "ssh-ed25519 A", lambda: {"keys": []}
        )
        async with await server.listen(shop.app(), "127.0.0.1", 0, None) as listening:
            yield Counter(made, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")


@contextmanager
def counter_beside(folder: Path) -> Iterator[Counter]:
    """Likewise, on an event loop of its own thread: for clients that block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened = counter(folder)
    try:
        yield asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result()
        asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def market(folder: Path) -> AsyncIterator[Market]:
    """One in an empty folder."""
    bench = SigningBench.create(folder)
    issuer = LocalIssuer(bench.clock)
    entry = {"issuer": issuer.url, "audience": AUDIENCE, "match": [MATCH], "max_ttl": 300}
    entry |= {"groups": {"claim": "roles", "map": {"release": "release"}}, "actor": {"claim": "actor"}}
    bench.rewrite(bench.site.settings, lambda settings: settings.update(issuers={"ci": entry}))
    store = Store.open(bench.site.journal_db, log="test")
    declared = dict(bench.config.settings.issuers)
    here = Market(bench, issuer, declared, store, Standing(bench.site, ()))
    try:
        await here.restart()
        yield here
    finally:
        await store.close()
        bench.stop()


def _issuers(bench: SigningBench, issuer: LocalIssuer, declared: dict[str, Issuer]) -> Issuers:
    async def load() -> list[jws.VerifyingKey]:
        return jws.keys(issuer.jwks())

    return Issuers(lambda: declared, lambda name, entry: OidcIssuer(name, entry, IssuerKeys(name, load, bench.clock)))
