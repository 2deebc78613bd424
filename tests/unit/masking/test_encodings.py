"""Encodings of a secret, against the encoders themselves."""

import html
import json
import shlex
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest

from jumphost.masking.encodings import encodings

SECRET = "pa/ss'w\"ö+r d&<d>?~%$`\\"


def forms(secret: bytes) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    for name, form in encodings(secret):
        found.setdefault(name, set()).add(form)
    return found


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("raw", SECRET),
        ("url", quote(SECRET)),
        ("url", quote(SECRET, safe="")),
        ("url", quote_plus(SECRET)),
        ("url", quote_plus(SECRET).lower()),
        ("json", json.dumps(SECRET)[1:-1]),
        ("json", json.dumps(SECRET, ensure_ascii=False)[1:-1]),
        ("json", json.dumps(SECRET)[1:-1].replace("/", "\\/")),
        ("json", json.dumps(SECRET)[1:-1].translate({38: "\\u0026", 60: "\\u003c", 62: "\\u003e"})),
        ("json2", json.dumps(json.dumps(SECRET))[3:-3]),
        ("json2", json.dumps(json.dumps(SECRET, ensure_ascii=False), ensure_ascii=False)[3:-3]),
        ("shell", shlex.quote(SECRET)[1:-1]),
        ("shell", SECRET.replace("'", r"'\''")),
        ("shell", "pa/ss\\'w\\\"\\ö+r\\ d\\&\\<d\\>\\?\\~%\\$\\`\\\\"),
        ("shell", "pa/ss'w\\\"ö+r d&<d>?~%\\$\\`\\\\"),
        ("sql", SECRET.replace("'", "''")),
        ("csv", SECRET.replace('"', '""')),
        ("html", html.escape(SECRET)),
        ("html", html.escape(SECRET, quote=False)),
        ("html", html.escape(SECRET).replace("&#x27;", "&#39;")),
        ("hex", SECRET.encode().hex()),
        ("hex", SECRET.encode().hex().upper()),
    ],
)
def test_form(name: str, form: str) -> None:
    assert form.encode() in forms(SECRET.encode())[name]


def test_utf_16_of_either_order() -> None:
    assert forms(SECRET.encode())["utf-16"] == {SECRET.encode("utf-16-le"), SECRET.encode("utf-16-be")}


@pytest.mark.parametrize("size", range(8, 15))
@pytest.mark.parametrize(("name", "encode"), [("base64", b64encode), ("base64url", urlsafe_b64encode)])
def test_base64_wherever_the_secret_stands(size: int, name: str, encode: object) -> None:
    secret = bytes(range(240, 240 + size))
    literals = forms(secret)[name]
    assert all(len(literal) >= 9 for literal in literals)
    for before in range(6):
        for after in range(4):
            text = encode(b"\x55" * before + secret + b"\xaa" * after)  # type: ignore[operator]
            hits = [literal for literal in literals if literal in text]
            assert hits, (before, after)
            assert max(map(len, hits)) >= (size * 8 - 4) // 6


def test_base64_at_the_end_is_longer() -> None:
    assert b64encode(b"-secret-text").strip(b"=")[2:] in forms(b"secret-text")["base64"]
    assert b64encode(b"secret-text")[:-1] in forms(b"secret-text")["base64"]


def test_bytes_that_are_no_text_have_fewer_forms() -> None:
    assert set(forms(b"\xff\xfe\xfd binary")) == {"raw", "url", "shell", "sql", "csv", "hex", "base64", "base64url"}
