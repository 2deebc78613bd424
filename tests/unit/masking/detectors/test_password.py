"""Passwords by their word, their place or their form; words and placeholders are none."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.password import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"password=Abc12345 ", [b"Abc12345"]),
        (b'{"password": "tr0ub4dor&3"}', [b"tr0ub4dor&3"]),
        (b"password='it''s' ", []),
        (b'password="a\\"b12"', [b'a\\"b12']),
        (b'{\\"api_key\\":\\"' + fill(20) + b'\\"}', [fill(20)]),
        (b"PASSWORD = r'Abc12345'", [b"Abc12345"]),
        (b'password := """S3cretPw1"""', [b"S3cretPw1"]),
        (b"password = Tr0ub4dor&3\n", [b"Tr0ub4dor&3"]),
        (b"q?password=Abc12345&x=1", [b"Abc12345"]),
        (b"--password " + fill(10) + b" db", [fill(10)]),
        (b"--password -x1y2z3", []),
        (b"machine h login ada password " + fill(9), [fill(9)]),
        (b"user ada\npassword " + fill(9), [fill(9)]),
        (b"the password " + fill(9), []),
        (b"WITH PASSWORD 's3cr3tly';", [b"s3cr3tly"]),
        (b"IDENTIFIED BY 'Abc12345'", [b"Abc12345"]),
        (b"written BY 'Abc12345'", []),
        (b"curl -u ada:Abc12345 h", [b"Abc12345"]),
        (b"curl --user=ada:Abc12345 h", [b"Abc12345"]),
        (b"docker run -u 1000:1000 x", []),
        (b"requirepass foobared99", [b"foobared99"]),
        (b"redis-cli -a S3cr3tPw99 ping", [b"S3cr3tPw99"]),
        (b"mysql://root:p4-x@h/db", [b"p4-x"]),
        (b"redis://:correcthorse@h", [b"correcthorse"]),
        (b"https://h:8080/path@v1", []),
        (b"https://u:${PASS}@h", []),
        (b"https://u:@h", []),
        (b"ada:$6$" + fill(16) + b"$" + fill(86, "./0aB") + b" x", [b"$6$" + fill(16) + b"$" + fill(86, "./0aB")]),
        (b"SCRAM-SHA-256$4096:" + fill(60), [b"SCRAM-SHA-256$4096:" + fill(60)]),
        (b"cost $5$ and $6$ each", []),
        (b"password=" + fill(300) + b" ", [fill(300)]),
        (b"secretKey: '" + fill(20) + b"'", [fill(20)]),
        (b"password: ****** token: xxxxxx secret: [redacted] pwd: your_password", []),
        (b"password: %DB_PASSWORD% secret=/run/secrets/db token=$dir/a.pem", []),
        (b"password: required", []),
        (b"password: Required", []),
        (b"password: correcthorsebattery", [b"correcthorsebattery"]),
        (b"password: 1111111", []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"password", b"", b""),
        (b"password: ", b"", b""),
        (b'password: "', b"", b""),
        (b"password: Abc1", b"Abc1", b"Abc1"),
        (b"password: " + fill(200), b"", b""),
        (b"https://ada", b"", b""),
        (b"https://ada:p4", b"p4", b"p4"),
        (b"https://h:8080", b"8080", b""),
        (b"curl -u ad", b"", b""),
        (b"x $", b"$", b""),
        (b"x $6$" + fill(20), b"$6$" + fill(20), b"$6$" + fill(20)),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
