"""Where keys come from: file, URL, discovery; and what is not taken for keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jumphost.config.issuers import Issuer
from jumphost.config.site import Site
from jumphost.identity.keysource import source
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import DISCOVERY_PATH, KEYS_PATH, LocalIssuer, serving


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with serving(ManualClock()) as running:
        yield running


def entry(issuer: LocalIssuer, **changes: Any) -> Issuer:
    return Issuer(**{"issuer": issuer.url, "audience": "jumphost", "match": (), **changes})


async def kids(issuer: LocalIssuer, folder: Path = Path("/nowhere"), **changes: Any) -> list[str]:
    return [key.kid for key in await source(entry(issuer, **changes), Site(folder))()]


async def test_a_file(issuer: LocalIssuer, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(issuer.jwks())
    assert await kids(issuer, tmp_path, jwks="keys.json") == list(issuer.keys)
    with pytest.raises(OSError, match="none"):
        await kids(issuer, tmp_path, jwks="none.json")
    assert issuer.asked == []


async def test_a_url(issuer: LocalIssuer) -> None:
    assert await kids(issuer, jwks=issuer.url + KEYS_PATH) == list(issuer.keys)
    assert issuer.asked == [KEYS_PATH]


async def test_discovery(issuer: LocalIssuer) -> None:
    assert await kids(issuer) == list(issuer.keys)
    assert issuer.asked == [DISCOVERY_PATH, KEYS_PATH]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (lambda url: {"issuer": "https://other.example", "jwks_uri": url + KEYS_PATH}, "a discovery document of"),
        (lambda url: {"issuer": url + "/", "jwks_uri": url + KEYS_PATH}, "a discovery document of"),
        (lambda url: {"issuer": url, "jwks_uri": "http://keys.example/"}, "expected https"),
        (lambda url: {"issuer": url, "jwks_uri": "file:///etc/passwd"}, "expected an https URL"),
        (lambda url: {"issuer": url}, "expected an https URL"),
        (lambda url: [url], "a discovery document of"),
    ],
)
async def test_a_discovery_document_that_leads_elsewhere(issuer: LocalIssuer, document: Any, says: str) -> None:
    issuer.documents[DISCOVERY_PATH] = json.dumps(document(issuer.url)).encode()
    with pytest.raises(ValueError, match=says):
        await kids(issuer)
    assert issuer.asked == [DISCOVERY_PATH]


async def test_what_is_no_answer(issuer: LocalIssuer) -> None:
    issuer.documents[KEYS_PATH] = b'{"keys":[]}'
    with pytest.raises(ValueError, match="without a key"):
        await kids(issuer)
    issuer.down = True
    with pytest.raises(ValueError, match="got status 503"):
        await kids(issuer)
