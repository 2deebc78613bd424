"""Private keys in PEM, OpenSSH or PGP armour, whole or cut off, also with escaped newlines, indented or on one line."""

import re
from dataclasses import dataclass
from typing import Final

from jumphost.masking.detectors.base import VALIDATED, Answer, Detector, Hold, Latch, More, Trigger, end_of, fill, run

_BEGIN: Final = "-----BEGIN "
_LABEL_MOST: Final = 64
_HEADER: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{0,64}+)-----")
_PRIVATE: Final = (b"PRIVATE KEY", b"PRIVATE KEY BLOCK")
_UNFINISHED: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,64}+-{0,4}+\Z")
_BASE64: Final = run("0-9A-Za-z+/=")
_BETWEEN: Final = frozenset(b" \t\r\n\\\"'>|,;*#&")  # stands between the lines of a key that was quoted or indented
_LABEL: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")
_LINE_LEAST: Final = 16  # a shorter word before a space is prose, not a line of a key
_DASHES: Final = 5


@dataclass(frozen=True, slots=True)
class _Footer:
    """Up to the last dash of ``-----END …-----``: bytes of it so far, and dashes at the end of those."""

    count: int = 1
    dashes: int = 1

    def __call__(self, buffer: bytes, at: int) -> tuple[int, More | None]:
        count, dashes = self.count, self.dashes
        for offset in range(at, len(buffer)):
            byte = buffer[offset]
            count += 1
            if byte == ord("-"):
                dashes += 1
                if dashes == _DASHES and count > 2 * _DASHES:
                    return offset + 1, None
            elif byte in _LABEL and count < _LABEL_MOST + 2 * _DASHES:
                dashes = 0
            else:
                return offset, None
        return len(buffer), _Footer(count, dashes)


@dataclass(frozen=True, slots=True)
class _Body:
    """After the first line of the armour: the word's length, if the line is a header, if a backslash is before."""

    word: int = 0
    header: bool = False
    escaped: bool = False

    def __call__(self, buffer: bytes, at: int) -> tuple[int, More | None]:
        word, header, escaped = self.word, self.header, self.escaped
        while at < len(buffer):
            byte = buffer[at]
            if header or (escaped and byte in b"nrt"):  # RFC 1421 §4.6 headers go on to the end of the line
                header, word = header and byte not in b"\r\n\\", 0
            elif (end := end_of(_BASE64, buffer, at)) > at:
                word, at, escaped = word + end - at, end, False
                continue
            elif byte == ord("-"):
                if word == 0 or word >= _LINE_LEAST:
                    return _Footer()(buffer, at + 1)
                word += 1
            elif byte == ord(":") and word:
                header = True
            elif byte not in _BETWEEN:
                return at, None
            elif byte in b" \t" and 0 < word < _LINE_LEAST:
                return _last(buffer, at + 1)
            else:
                word = 0
            escaped = byte == ord("\\")
            at += 1
        return at, _Body(word, header, escaped)


def _last(buffer: bytes, at: int) -> tuple[int, More | None]:
    """After a short word and a space: the last line of a key that stands on one line, or prose."""
    if at == len(buffer):
        return at, _last
    return _Footer()(buffer, at + 1) if buffer[at] == ord("-") else (at, None)


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    ahead = buffer[at : at + len(_BEGIN) + _LABEL_MOST + _DASHES]
    if header := _HEADER.match(ahead):
        return Latch(at, at + header.end(), _Body()) if header[1].endswith(_PRIVATE) else None
    return Hold(at) if _UNFINISHED.match(ahead) and not final else None


def _armour(label: bytes, body: bytes, newline: bytes = b"\n") -> bytes:
    return newline.join((b"-----BEGIN " + label + b"-----", body, b"-----END " + label + b"-----", b""))


DETECTOR = Detector(
    name="private_key",
    rank=VALIDATED,
    triggers=(Trigger(_BEGIN, strong=7),),
    confirm=_confirm,
    limit=len(_BEGIN) + _LABEL_MOST + _DASHES,
    examples=(
        _armour(b"PRIVATE KEY", fill(64) + b"\n" + fill(20) + b"=="),
        _armour(b"RSA PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n\n" + fill(64), b"\r\n"),
        b'{"key": "' + _armour(b"EC PRIVATE KEY", fill(64), b"\\n") + b'"}',
        _armour(b"OPENSSH PRIVATE KEY", fill(70), b"\n    "),
        b"-----BEGIN PRIVATE KEY-----\n" + fill(64) + b"\n" + fill(10),
        _armour(b"PGP PRIVATE KEY BLOCK", b"Version: GnuPG v2\n\n" + fill(64)),
        b"KEY='" + _armour(b"PRIVATE KEY", fill(200), b" ") + b"'",
    ),
    near_misses=(
        b"looking for -----BEGIN marker in file",
        b"-----BEGIN CERTIFICATE-----\n" + fill(64),
        b"-----BEGIN PUBLIC KEY-----\n" + fill(64),
        b"----BEGIN PRIVATE KEY----",
        b"-----END PRIVATE KEY-----",
        b"-----BEGIN OPENSSH PUBLIC KEY-----",
    ),
)
