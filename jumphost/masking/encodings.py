"""The forms in which a secret may come back: as it is, quoted, escaped, in hexadecimal, base64 or UTF-16."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote_from_bytes

_ESCAPE: Final = re.compile(rb"%[0-9A-F]{2}")
_UNSAFE: Final = re.compile(r"([^A-Za-z0-9_@%+=:,./-])")  # what shells' printf %q puts a backslash before


def encodings(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """Every form with its name, plainest first; many are equal where nothing in the secret needs to be escaped.

    Of base64 only the characters that the secret alone decides: those at its ends depend on what is encoded with it.
    """
    yield "raw", secret
    yield from _quoted(secret)
    yield "hex", secret.hex().encode()
    yield "hex", secret.hex().upper().encode()
    for before in range(3):
        for name, encode in ("base64", b64encode), ("base64url", urlsafe_b64encode):
            yield from ((name, form) for form in _base64(secret, before, encode))
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return
    yield from _escaped(text)
    yield "utf-16", text.encode("utf-16-le")
    yield "utf-16", text.encode("utf-16-be")


def _quoted(secret: bytes) -> Iterator[tuple[str, bytes]]:
    for safe in ("", "/", "!*'()", "/:@&=+$,;!*'()"):  # as a query, a path, encodeURIComponent, a lenient client do
        quoted = quote_from_bytes(secret, safe=safe).encode()
        for one in (quoted, _ESCAPE.sub(lambda escape: escape[0].lower(), quoted)):
            yield "url", one
            yield "url", one.replace(b"%20", b"+")
    yield "shell", secret.replace(b"'", b"'\\''")
    yield "shell", secret.replace(b"'", b"'\"'\"'")
    yield "sql", secret.replace(b"'", b"''")
    yield "csv", secret.replace(b'"', b'""')


def _escaped(text: str) -> Iterator[tuple[str, bytes]]:
    for ascii_only in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield "json", once.encode()
        yield "json", once.replace("/", "\\/").encode()
        yield "json", _html_safe(once).encode()
        yield "json2", json.dumps(once, ensure_ascii=ascii_only)[1:-1].encode()
    yield "shell", _UNSAFE.sub(r"\\\1", text).encode()
    yield "shell", re.sub(r'(["$`\\])', r"\\\1", text).encode()
    yield "html", html.escape(text, quote=False).encode()
    yield "html", html.escape(text).encode()
    yield "html", html.escape(text).replace("&#x27;", "&#39;").encode()


def _html_safe(escaped: str) -> str:
    """JSON as encoders write it that think of HTML: Go's, and others' by option."""
    return escaped.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _base64(secret: bytes, before: int, encode: Callable[[bytes], bytes]) -> tuple[bytes, bytes]:
    """What stands in base64 of ``before`` bytes and the secret: when it is the end, and when anything follows."""
    first = (before * 8 + 5) // 6
    last = (before + len(secret)) * 8 // 6
    text = encode(bytes(before) + secret).rstrip(b"=")
    return text[first:], text[first:last]
