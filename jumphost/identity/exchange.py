"""A token buys a certificate: what is looked at, in which order, and what is written down before anything is given."""

from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct

from jumphost.clock import NS_PER_S, rfc3339
from jumphost.config.issuers import Grant, declared, granted
from jumphost.errors import Code, Refused
from jumphost.identity import enrolment, proof
from jumphost.identity.base import UnverifiedToken, VerifiedClaims
from jumphost.identity.enrolment import Enrolments
from jumphost.identity.issuers import Issuers
from jumphost.identity.once import Once
from jumphost.model.event import Event, Kind
from jumphost.signer.protocol import ExchangeCaller, IssueCaller, Issued
from jumphost.sshkey import PublicKey
from jumphost.store import spent
from jumphost.store.sqlite import Store


class Order(Struct, frozen=True):
    """What a client asks for; ``signature`` shows that it holds the key. Without ``ttl_s`` or ``scope``: the usual."""

    token: UnverifiedToken
    public_key: str
    nonce: str
    signature: str
    scope: tuple[str, ...] | None = None
    ttl_s: int | None = None


class Sold(Struct, frozen=True):
    """A certificate as one line, whose it is, and when it ends, in seconds since the epoch."""

    certificate: str
    identity: str
    valid_before: int


class Exchange:
    """``now_ns`` is a time that can be believed, or raises Unavailable; ``ask`` is the signer's.

    ``entitled`` raises Refused for an identity that may have no certificate now.
    ``used`` are the tokens that earlier processes took; those for a first certificate are the ``enrolments``' own.
    """

    def __init__(
        self,
        now_ns: Callable[[], int],
        issuers: Issuers,
        enrolments: Enrolments,
        ask: Callable[[ExchangeCaller | IssueCaller], Awaitable[Issued]],
        entitled: Callable[[str], None],
        store: Store,
        used: Iterable[tuple[str, int]],
    ) -> None:
        self._now_ns, self._issuers, self._ask, self._store = now_ns, issuers, ask, store
        self._enrolments, self._entitled = enrolments, entitled
        self._nonces, self._tokens, self._used_nonces = proof.Nonces(), Once(used), Once()

    def nonce(self) -> str:
        """A number to sign."""
        return self._nonces.make(self._now_ns() // NS_PER_S)

    async def buy(self, order: Order, *, decision: str, source: str) -> Sold:
        """The certificate; Refused or Unavailable, and then nothing was issued. ``decision`` names the attempt."""
        now_ns = self._now_ns()
        now_s = now_ns // NS_PER_S
        # (1) The client holds the private key, now.
        ends = self._nonces.check(order.nonce, now_s)
        key = proof.holds(order.public_key, order.nonce, order.signature)
        if enrolment.is_token(order.token):
            self._spend(order.nonce, ends, now_s)
            return await self._enrolled(order, key, now_ns, decision, source)
        # (2) The token is real, for us, and alive.
        entry, issuer = await self._issuers.find(order.token)
        claims = await issuer.verify(order.token, now_ns)
        # (3) Its claims are those of one identity, which may have a certificate.
        values = declared(entry, claims.claims)
        grant = granted(entry, values)
        self._entitled(grant.identity)
        # (4) Neither nonce nor token was used; from here on both are, the token only if something comes of it.
        self._spend(order.nonce, ends, now_s)
        if not self._tokens.use(claims.once, claims.until_s, now_s):
            raise Refused(Code.TOKEN_REPLAYED, "the token has bought a certificate already")
        try:
            # (5) The signer finds the same by its own copies, and cuts scope and life to what they allow.
            issued = await self._ask(
                ExchangeCaller(
                    issuer=claims.issuer,
                    subject=claims.subject,
                    claims=values,
                    identity=grant.identity,
                    public_key=key.line,
                    scope=order.scope,
                    ttl_s=order.ttl_s,
                )
            )
            # (6) That the token is spent, and on what, is on disk before the certificate leaves.
            await self._store.write(
                lambda connection: spent.insert(connection, claims.once, claims.until_s, now_s),
                _issue(now_ns, decision, source, claims, grant, key, issued),
            )
        except BaseException:
            self._tokens.release(claims.once)
            raise
        return Sold(issued.certificate, grant.identity, issued.valid_before)

    def _spend(self, nonce: str, ends: int, now_s: int) -> None:
        if not self._used_nonces.use(nonce, ends, now_s):
            raise Refused(Code.PROOF_INVALID, "got a nonce that was used, expected a new one of GET /v1/nonce")

    async def _enrolled(self, order: Order, key: PublicKey, now_ns: int, decision: str, source: str) -> Sold:
        """A first certificate; the token is spent on this key before the signer is asked."""
        name = await self._enrolments.redeem(order.token, key.fingerprint, source, self._entitled)
        issued = await self._ask(IssueCaller(name, key.line, order.ttl_s, order.scope))
        data = {"how": "enrolment", "source": source, **_made(key, issued)}
        await self._store.write(None, Event(Kind.CERT_ISSUE, now_ns, decision=decision, identity=name, data=data))
        return Sold(issued.certificate, name, issued.valid_before)


def _issue(
    now_ns: int, decision: str, source: str, claims: VerifiedClaims, grant: Grant, key: PublicKey, issued: Issued
) -> Event:
    return Event(
        Kind.CERT_ISSUE,
        now_ns,
        decision=decision,
        identity=grant.identity,
        data={
            "how": "exchange",
            "source": source,
            "issuer": claims.issuer,
            "subject": claims.subject,
            "actor": grant.actor,
            "claims": grant.claims,
            "token": claims.once,
            **_made(key, issued),
        },
    )


def _made(key: PublicKey, issued: Issued) -> dict[str, str]:
    ends = rfc3339(issued.valid_before * NS_PER_S)
    return {"key": key.fingerprint, "serial": issued.serial, "valid_before": ends}
