"""Secrets of a session in what a command prints: every encoding, across line breaks; nothing that is only like one."""

import json
from base64 import b64encode, encodebytes

import pytest

from jumphost.masking.base import EXACT, MaskError, Scan, Span
from jumphost.masking.exact import LEAST, MOST, ExactScanner
from jumphost.masking.plan import open_masker

SECRET = b"s3cr3t/p'ss \"w0rd"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIIBVQIBADANBgkq\nhkiG9w0BAQEFAASC\nAT8wgg==\n-----END PRIVATE KEY-----\n"


def scan(text: bytes, sent: int = 0, *, final: bool = False, secret: bytes = b"abcdefghij") -> Scan:
    return ExactScanner([secret]).scan(text, sent, final=final)


def masked(text: bytes, *secrets: bytes) -> bytes:
    one = open_masker({"secrets": list(secrets) or [SECRET]})
    return one.feed(text) + one.close()


def test_a_secret_is_found_and_named() -> None:
    assert scan(b"x abcdefghij y") == Scan((Span(2, 12, "exact:0/raw", EXACT),), 14, 14)
    scanner = ExactScanner([b"abcdefghij", SECRET])
    assert scanner.scan(SECRET.hex().encode(), 0, final=True).spans == (Span(0, 34, "exact:1/hex", EXACT),)


def test_a_beginning_is_held_and_a_long_one_strongly() -> None:
    assert scan(b"x abc") == Scan((), 2, 5)
    assert scan(b"x abcd") == Scan((), 2, 2)
    assert scan(b"x abcd", final=True) == Scan((), 6, 6)
    assert scan(b"x abce") == Scan((), 6, 6)


def test_the_end_of_one_waits_for_another() -> None:
    assert scan(b"abcdefghij")[1:] == (9, 10)
    assert scan(b"abcdefghijab")[1:] == (9, 12)


def test_what_has_gone_is_looked_at_again() -> None:
    scanner = ExactScanner([b"abcdefghij"])
    assert scanner.scan(b"....abc", 0, final=False).weak == 7
    scanner.forget(2)
    assert scanner.scan(b"..abcdefghij.", 5, final=False).spans == (Span(2, 12, "exact:0/raw", EXACT),)


def test_it_never_says_less_than_has_gone() -> None:
    assert scan(b"x abcd", 5)[1:] == (5, 5)


def test_breaks_within_are_passed_over() -> None:
    for line_break in (b"\n", b"\r\n", b"\r\r\n", b"\r"):
        assert scan(b"-ab" + line_break + b"cdefg" + line_break + b"hij-").spans[0][:2] == (1, 11 + 2 * len(line_break))
    assert scan(b"-abcde\n\n\n\nfghij-").spans == ()
    assert scan(b"-abcde\n\r\n\rfghij-", final=True).spans == ()


def test_places_after_many_breaks() -> None:
    assert scan(b"\n\n\n\n\n.\r\n.\nabcde\nfghij\n").spans == (Span(10, 21, "exact:0/raw", EXACT),)


def test_long_breaks_are_seen_however_they_are_cut() -> None:
    scanner = ExactScanner([b"abcdefghij"])
    assert scanner.scan(b"abcde\n\n", 0, final=False) == Scan((), 0, 0)
    assert scanner.scan(b"abcde\n\n\n\n", 0, final=False) == Scan((), 9, 9)
    assert scanner.scan(b"abcde\n\n\n\nfghij", 9, final=True) == Scan((), 14, 14)


def test_one_that_overlaps_itself_is_one_span() -> None:
    assert scan(b"a" * 12, secret=b"a" * 8, final=True).spans == (Span(0, 12, "exact:0/raw", EXACT),)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        b'{"key": ' + json.dumps(SECRET.decode()).encode() + b"}",
        json.dumps(json.dumps(SECRET.decode())).encode(),
        b"s3cr3t%2Fp%27ss+%22w0rd",
        b"s3cr3t%2fp%27ss%20%22w0rd",
        b"'s3cr3t/p'\\''ss \"w0rd'",
        SECRET.hex().upper().encode(),
        SECRET.decode().encode("utf-16-le"),
        b"s3cr3t/\x1b[31mp'ss \"\x1b[0mw0rd",
    ],
)
def test_nothing_of_it_is_seen(text: bytes) -> None:
    output = masked(b"x=" + text + b"\nnext\n")
    assert len(output) == len(text) + 8
    assert not any(part in output for part in (b"s3c", b"ss", b"ord", b"0rd", SECRET[:3].hex().upper().encode()))
    assert output.endswith(b"\nnext\n")


def test_base64_in_lines() -> None:
    secret = b"a long secret that takes several lines of base64 " * 3
    text = encodebytes(b"user:" + secret + b"@host")
    output = masked(text, secret)
    assert [len(line) for line in output.split(b"\n")] == [len(line) for line in text.split(b"\n")]
    assert len(output.translate(None, b"*\n")) <= 17  # the user, the host, and the characters they share


def test_nothing_else_is_changed() -> None:
    for text in (SECRET[:-1], SECRET[1:], SECRET.swapcase(), SECRET.replace(b"/", b"\n\n\n\n/"), b64encode(b"other")):
        assert masked(b"x=" + text + b".\n") == b"x=" + text + b".\n"


def test_each_line_of_a_key_but_what_says_that_it_is_one() -> None:
    assert masked(b">hkiG9w0BAQEFAASC<", KEY) == b">****************<"
    assert masked(b">" + b64encode(b"hkiG9w0BAQEFAASC") + b"<", KEY) == b">" + b"*" * 22 + b"==<"
    assert masked(b"-----BEGIN PRIVATE KEY-----\n", KEY) == b"-----BEGIN PRIVATE KEY-----\n"
    assert set(masked(KEY.replace(b"\n", b"\r\n"), KEY)) == set(b"* \r\n")
    assert set(masked(json.dumps(KEY.decode())[1:-3].encode(), KEY)) == set(b"* ")


@pytest.mark.parametrize("secret", [b"x" * (LEAST - 1), b"\nx\n\n\n\n\n\n\n", b"x" * (MOST + 1)])
def test_a_secret_of_no_sane_length_is_refused(secret: bytes) -> None:
    with pytest.raises(MaskError, match="secret 1: got") as caught:
        ExactScanner([b"abcdefghij", secret])
    assert "x" * 3 not in str(caught.value).replace("expected", "")


def test_another_is_apart() -> None:
    one = ExactScanner([b"abcdefghij"])
    one.scan(b"abcde", 0, final=False)
    one.scan(b"abcdef", 0, final=False)
    two = one.another()
    assert two.keep == one.keep == 80
    assert two.scan(b"fghij", 0, final=True).spans == ()
    assert one.scan(b"abcdefghij", 0, final=True).spans != ()
