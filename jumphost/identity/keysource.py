"""Where an issuer's keys are: a file, a URL, or what its discovery document names."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from jumphost import webclient
from jumphost.config.issuers import Issuer, is_url, web_address
from jumphost.config.site import Site
from jumphost.identity.jws import VerifyingKey, keys
from jumphost.identity.keys import Load

DISCOVERY = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0 §4


def source(issuer: Issuer, site: Site) -> Load:
    """How the keys of an issuer are had; what it raises is that of ``keys.Load``."""
    ca = site.resolve(issuer.ca) if issuer.ca else None

    async def from_file() -> Sequence[VerifyingKey]:
        return _some(await asyncio.to_thread(site.resolve(issuer.jwks).read_bytes))

    async def from_url() -> Sequence[VerifyingKey]:
        return _some(await _get(issuer.jwks, ca))

    async def discovered() -> Sequence[VerifyingKey]:
        found = json.loads(await _get(issuer.issuer.rstrip("/") + DISCOVERY, ca))
        named = found.get("issuer") if isinstance(found, dict) else None
        if named != issuer.issuer:
            raise ValueError(f"got a discovery document of {str(named)[:256]!r}, expected {issuer.issuer!r}")
        return _some(await _get(web_address(str(found.get("jwks_uri"))), ca))

    if not issuer.jwks:
        return discovered
    return from_url if is_url(issuer.jwks) else from_file


async def _get(url: str, ca: Path | None) -> bytes:
    status, body = await webclient.ask(url, ca=ca)
    if status != 200:
        raise ValueError(f"got status {status} from {url}, expected 200")
    return body


def _some(document: bytes) -> list[VerifyingKey]:
    if not (found := keys(document)):
        raise ValueError("got a JWK set without a key that can verify tokens")
    return found
