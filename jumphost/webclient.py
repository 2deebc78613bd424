"""Asking a web server for little: bounded in bytes and time, no redirect followed, TLS 1.2 or later."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import aiohttp

TIMEOUT_S = 5.0
MAX_BYTES = 1 << 18


async def ask(
    url: str,
    *,
    method: str = "",
    body: bytes | None = None,
    headers: Mapping[str, str] = {},
    ca: Path | None = None,
    timeout_s: float = TIMEOUT_S,
) -> tuple[int, bytes]:
    """Status and body of what the server answers to GET, or to POST of a ``body``, or to ``method``.

    OSError or TimeoutError if it does not, ValueError if it is too long; ``ca`` is a file of PEM certificates to trust.
    """
    trusted = ssl.create_default_context(cafile=ca)
    trusted.minimum_version = ssl.TLSVersion.TLSv1_2
    limit = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(ssl=trusted)) as session,
            session.request(
                method or ("GET" if body is None else "POST"), url, data=body, headers=headers, allow_redirects=False
            ) as answer,
        ):
            return answer.status, await _read(answer)
    except (aiohttp.ClientError, aiohttp.InvalidURL) as error:
        raise OSError(f"{type(error).__name__}: {error}") from None


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """Decompressed bytes count."""
    data = bytearray()
    async for chunk in answer.content.iter_any():
        data += chunk
        if len(data) > MAX_BYTES:
            raise ValueError(f"got an answer of more than {MAX_BYTES} bytes")
    return bytes(data)
