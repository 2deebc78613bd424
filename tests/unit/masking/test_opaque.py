"""What is no text is known, and text in any encoding of it is not taken for that."""

import bz2
import gzip
import lzma
import random
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jumphost.masking.opaque import Opaque
from jumphost.model.mask import Format

CARDS = b"4111 1111 1111 1111\n" * 20
LETTER = "Sehr geehrte Damen und Herren, für façade, señor und naïve Größen – “so” – danke ich.\n"

TEXTS = {
    "UTF-8": "Größe, 日本語テキスト, Ελληνικά, 😀\n".encode() * 99,
    "Latin-1": "Größe über Ähnlichkeit, façade, ñandú\n".encode("latin-1") * 50,
    "Windows-1252": LETTER.encode("cp1252") * 50,
    "Cyrillic": "Привет, мир\n".encode("koi8-r") * 50,
    "colours": b"\x1b[0m\x1b[01;34mdir\x1b[0m\x0f \x07\n" * 20,
    "names parted by NUL": b"\0".join(b"./dir/%d.txt" % at for at in range(999)),
    "an environment": b"\0".join(b"NAME_%d=value" % at for at in range(99)),
    "fields": b"name\x1fcard\x1fstreet\x1e" * 50,
    "a few odd bytes": b"an accident: \x01\x02 and much text after it, more than enough of it, line by line\n" * 9,
    "base64": b"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=\n" * 9,
    "nothing": b"",
}
OPAQUE = {
    "gzip": (gzip.compress(CARDS), "gzip"),
    "a small gzip after text": (b"see:\n" + gzip.compress(b"4"), "gzip"),
    "gzip without its first bytes": (gzip.compress(random.Random(1).randbytes(300))[3:], "binary"),
    "zlib": (zlib.compress(CARDS), "binary"),
    "xz": (lzma.compress(CARDS), "xz"),
    "lzma": (lzma.compress(CARDS, format=lzma.FORMAT_ALONE), "xz"),
    "bzip2": (bz2.compress(CARDS), "bzip2"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\0", "zstd"),
    "lz4": (b"\x04\x22\x4d\x18d@\xa7", "lz4"),
    "zip": (b"PK\x03\x04\x14\0", "zip"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
    "openssl enc": (b"Salted__" + CARDS, "encrypted"),
    "openssl enc -a": (b"U2FsdGVkX1/abc", "encrypted"),
    "age": (b"age-encryption.org/v1\n-> X25519 abc\n", "encrypted"),
    "PGP": (b"-----BEGIN PGP MESSAGE-----\n\nabc\n", "encrypted"),
    "UTF-16": ("the number is 4111 1111 1111 1111".encode("utf-16-le"), "binary"),
    "a program": (Path(sys.executable).read_bytes()[4:20_000], "binary"),
    "its first bytes": (b"\x7fELF", "binary"),
    "noise": (random.Random(2).randbytes(400), "binary"),
    "noise after text": (CARDS + random.Random(3).randbytes(400), "binary"),
    "zeros": (bytes(64), "binary"),
}
PIECES = [
    b"\x1f",
    b"\x8b\x08",
    b"\xc3",
    b"\xa4",
    b"\xe2\x82",
    b"\xac",
    b"PK\x03",
    b"\x04",
    b"7z\xbc",
    b"\xaf",
    b"\xfd7zXZ",
]


def told(data: bytes, size: int) -> str | None:
    looks = Opaque()
    for at in range(0, len(data), size):
        if kind := looks.look(data[at : at + size]):
            return kind
    return looks.look(b"", final=True)


SIZES = pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])


@SIZES
@pytest.mark.parametrize("name", TEXTS)
def test_text_is_text(name: str, size: int) -> None:
    assert told(TEXTS[name], size) is None


@SIZES
@pytest.mark.parametrize("name", OPAQUE)
def test_what_is_opaque_is_known(name: str, size: int) -> None:
    data, kind = OPAQUE[name]
    assert told(data, size) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\0007z\xbc\xaf\0\0", "7z"),
        (b"text 7z\xbc\xaf and more", "7z"),
        (b"text PK\x03\x04 and more", "zip"),
        (b"all is 7z, PK and 7 o'clock", None),
    ],
)
def test_a_mark_in_two_pieces(data: bytes, kind: Format | None) -> None:
    for at in range(len(data)):
        looks = Opaque()
        pieces = (looks.look(data[:at]), looks.look(data[at:]), looks.look(b"", final=True))
        assert next(filter(None, pieces), None) == kind


@given(
    st.lists(
        st.one_of(st.binary(max_size=30), st.text(max_size=20).map(str.encode), st.sampled_from(PIECES)), max_size=12
    ),
    st.randoms(use_true_random=False),
)
@example([b"\0\0\0\0\x07  \0\0\0\x07\x07\x07\x07\x07\x07   \xc2\x80\x81\x91\x98    \x01"], random.Random(1))
def test_however_it_is_cut(parts: list[bytes], dice: random.Random) -> None:
    data = b"".join(parts)
    looks, at, kind = Opaque(), 0, None
    while at < len(data) and not kind:
        size = dice.randint(1, 9)
        kind = looks.look(data[at : at + size])
        at += size
    assert bool(kind or looks.look(b"", final=True)) == bool(told(data, max(1, len(data))))
