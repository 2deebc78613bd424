"""Tokens of one command: the contract of providers, and what those who verify them are told."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import jwt
import pytest
from jwt import PyJWKSet
from msgspec.structs import replace

from jumphost.clock import NS_PER_S, SystemClock
from jumphost.config.credentials import Jwt
from jumphost.credential.base import Material
from jumphost.credential.jwt import JwtProvider, jwks, make_key
from jumphost.errors import Unavailable
from jumphost.secret import Secret
from jumphost.testing.issuer import new_key
from jumphost.testing.provider_contracts import IRREVOCABLE, TTL_S, Bench, issued, planned

SOURCE = Jwt(key="key", issuer="https://gw", audience=("shop",), claims={"role": "reader"})


class Visitor:
    async def ask(self) -> None: ...

    async def close(self) -> None: ...


class JwtBench:
    refusals = (jwt.InvalidTokenError,)

    def __init__(self, folder: Path) -> None:
        self.key = folder / "key"
        make_key(self.key)
        self.provider = JwtProvider(SOURCE, self.key, SystemClock())
        self.astray = JwtProvider(SOURCE, folder / "none", SystemClock())

    async def enter(self, material: Material) -> Visitor:
        self.claims(material)
        return Visitor()

    def claims(self, material: Material, **how: str) -> dict[str, object]:
        """What a server makes of it that knows the JWKS alone."""
        secret = material["secret"]
        assert isinstance(secret, Secret)
        text = secret.reveal().decode()
        key = PyJWKSet.from_dict(dict(jwks(self.key)))[jwt.get_unverified_header(text)["kid"]]
        asked = {"audience": "shop", "issuer": "https://gw", **how}
        found: dict[str, object] = jwt.decode(text, key.key, ["ES256"], **asked)  # type: ignore[arg-type]
        return found


@pytest.mark.parametrize("check", IRREVOCABLE, ids=lambda check: check.__name__)
async def test_contract(tmp_path: Path, check: Callable[[Bench], Awaitable[None]]) -> None:
    await check(JwtBench(tmp_path))


async def test_it_says_whose_it_is_and_when_it_ends(tmp_path: Path) -> None:
    bench = JwtBench(tmp_path)
    minted = await issued(bench.provider)
    claims = bench.claims(minted.material)
    issued_at, ends = claims.pop("iat"), claims["exp"]
    assert isinstance(issued_at, int)
    assert isinstance(ends, int)
    assert 0 < ends - issued_at <= TTL_S
    about = {"iss": "https://gw", "aud": ["shop"], "sub": "batch", "jti": minted.lease.id, "role": "reader"}
    assert claims == {**about, "exp": minted.lease.expires_ns // NS_PER_S}


async def test_it_is_for_nobody_else_and_no_longer(tmp_path: Path) -> None:
    bench = JwtBench(tmp_path)
    minted = await issued(bench.provider)
    with pytest.raises(jwt.InvalidAudienceError):
        bench.claims(minted.material, audience="bank")
    late = await bench.provider.issue(replace(planned(bench.provider), expires_ns=NS_PER_S))
    with pytest.raises(jwt.ExpiredSignatureError):
        bench.claims(late.material)


def test_the_jwks_has_nothing_private(tmp_path: Path) -> None:
    (public,) = jwks(JwtBench(tmp_path).key)["keys"]
    assert set(public) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


async def test_a_key_that_is_there_stays(tmp_path: Path) -> None:
    bench = JwtBench(tmp_path)
    before = bench.key.read_bytes()
    with pytest.raises(FileExistsError):
        make_key(bench.key)
    assert (bench.key.read_bytes(), bench.key.stat().st_mode & 0o777) == (before, 0o600)


@pytest.mark.parametrize("algorithm", ["ES384", "EdDSA", ""])
async def test_another_key_signs_nothing(tmp_path: Path, algorithm: str) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    bench = JwtBench(tmp_path)
    other = new_key(algorithm).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) if algorithm else b"no"
    bench.key.write_bytes(other)
    with pytest.raises(Unavailable, match="no token can be signed"):
        await issued(bench.provider)
