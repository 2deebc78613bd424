"""The keys of one issuer: kept for a while, had anew when they are old or a token names one we do not know.

Strangers can name keys that do not exist, so they are asked for once in a while only. When the issuer is down its keys
go on being good for a bounded time: its outage is not ours, and a key that it took back is not good for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from jumphost.clock import Clock
from jumphost.errors import Code, Refused, Unavailable
from jumphost.identity.jws import UnverifiedClaims, VerifyingKey

REFRESH_S = 300.0  # age at which keys are had anew
RETRY_S = 10.0  # between two attempts, whatever the reason
STALE_S = 3600.0  # age at which keys are no longer good, if no newer ones can be had

Load = Callable[[], Awaitable[Sequence[VerifyingKey]]]
"""Gets them from where they are; OSError, TimeoutError or ValueError says why not."""

log = structlog.get_logger(__name__)


class IssuerKeys:
    """``name`` is the issuer's, for messages."""

    def __init__(self, name: str, load: Load, clock: Clock) -> None:
        self._name, self._load, self._clock = name, load, clock
        self._keys: Sequence[VerifyingKey] = ()
        self._loaded: float | None = None  # when they were had
        self._tried: float | None = None  # when that was last attempted
        self._failed = ""
        self._loading = asyncio.Lock()

    async def find(self, token: UnverifiedClaims) -> VerifyingKey:
        """The one key that the token names and that fits its algorithm; without a name, the only one that fits.

        Refused (token.signature, token.algorithm) if there is none, Unavailable (token.unavailable) if none are known.
        """
        if self._loaded is None or not self._loading.locked():  # nobody waits for new keys who can do without
            await self._refresh(REFRESH_S)
        if not self._named(token):
            await self._refresh(RETRY_S)
        if self._loaded is None or self._clock.monotonic() - self._loaded > STALE_S:
            message = f"the keys of the issuer {self._name} cannot be had"
            raise Unavailable(Code.TOKEN_UNAVAILABLE, message, detail=self._failed)
        return self._chosen(token)

    def _chosen(self, token: UnverifiedClaims) -> VerifyingKey:
        named = self._named(token)
        fitting = [key for key in named if token.algorithm in key.algorithms]
        if len(fitting) == 1:
            return fitting[0]
        if named and not fitting:
            expected = ", ".join(sorted({algorithm for key in named for algorithm in key.algorithms}))
            raise Refused(Code.TOKEN_ALGORITHM, f"got algorithm {token.algorithm[:32]!r}, expected {expected}")
        raise Refused(
            Code.TOKEN_SIGNATURE,
            f"got a token by the key {token.kid[:64]!r}, expected one key of the issuer {self._name} with that name",
        )

    def _named(self, token: UnverifiedClaims) -> list[VerifyingKey]:
        return [key for key in self._keys if not token.kid or key.kid == token.kid]

    async def _refresh(self, age_s: float) -> None:
        """Has the keys anew if they are older; one at a time, and no more often than RETRY_S allows."""
        async with self._loading:
            now = self._clock.monotonic()
            if self._loaded is not None and now - self._loaded < age_s:
                return
            if self._tried is not None and now - self._tried < RETRY_S:
                return
            self._tried = now
            try:
                self._keys = await self._load()
                self._loaded, self._failed = now, ""
            except (OSError, TimeoutError, ValueError) as error:
                self._failed = repr(error)
                log.warning("issuer.keys_unavailable", issuer=self._name, reason=self._failed)
