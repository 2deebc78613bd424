"""E-mail addresses: from the @ outwards, with a domain that has a plausible last label."""

import re
from typing import Final

from jumphost.masking.detectors.base import VALIDATED, Answer, Detector, Hold, Match, Trigger

_LOCAL_MOST: Final = 64  # RFC 5321 §4.5.3.1
_DOMAIN_MOST: Final = 253
_LOCAL: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%'*+_~-" + bytes(range(128, 256))
_EDGE: Final = b".!#$%'*~-"  # within a local part, but a quote or an operator where one begins
_DOMAIN: Final = re.compile(
    rb"(?:[0-9A-Za-z\x80-\xff][0-9A-Za-z\x80-\xff-]{0,62}+\.){0,127}[0-9A-Za-z\x80-\xff-]{0,63}+"
)
_LABEL: Final = re.compile(rb"[0-9A-Za-z\x80-\xff](?:[0-9A-Za-z\x80-\xff-]{0,61}[0-9A-Za-z\x80-\xff])?\Z")
_TOP: Final = re.compile(rb"[A-Za-z]{2,24}\Z|xn--[0-9A-Za-z-]{2,59}\Z|[\x80-\xff]{2,48}\Z")
# of a trigger: bytes that UTF-8 may begin with among them, and those that no local part ends with
_FIRST: Final = r"0-9A-Za-z\xc2-\xf4"
_NEXT: Final = r"0-9A-Za-z.\x80-\xff-"
_NO_LOCAL: Final = r"\x00-\x20\x22(),./:-@\x5b-\x5e`{|}\x7f"
_TRIGGER: Final = len("@abc")
_QUOTED: Final = "%40"  # the sign in a URL
_BEGUN: Final = re.compile(rf"@(?:[{_FIRST}][{_NEXT}]?)?\Z".encode())
# names of files and of units: logo@2x.png is no address
_FILES: Final = frozenset(
    b"png jpg jpeg gif svg webp ico bmp css scss less js mjs jsx ts tsx json yml yaml xml html htm txt log md conf cfg"
    b" ini service socket timer mount target slice path device scope lock whl tgz gz zip jar deb rpm exe dll".split()
)


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    begin = at + (1 if buffer.startswith(b"@", at) else len(_QUOTED))
    match = _DOMAIN.match(buffer, begin, begin + _DOMAIN_MOST + 1)
    end = match.end() if match else begin
    if end < len(buffer) and buffer.find(b".", at, end) < 0:  # as in most of what is binary
        return None
    start = _local(buffer, at)
    if start == at or buffer[at - 1] == ord(".") or buffer.startswith(b"://", max(0, start - 3)):
        return None
    if end >= len(buffer) and not final:
        return Hold(start, strong=end > begin)
    if end - begin > _DOMAIN_MOST or (buffer[start:at] == b"git" and buffer[end : end + 1] == b":"):
        return None
    domain = buffer[begin:end].rstrip(b".-")
    *others, top = domain.split(b".")
    if not others or not _TOP.match(top) or top.lower() in _FILES or not all(map(_LABEL.match, others)):
        return None
    if [label.isdigit() for label in others[:2]] == [True, True]:  # a version: pkg@1.2.3-rc.next
        return None
    return Match(start, begin + len(domain))


def _local(buffer: bytes, at: int) -> int:
    """Where the local part that ends at ``at`` begins; ``at`` itself where there is none."""
    window = buffer[max(0, at - _LOCAL_MOST) : at]
    start = at - len(window) + len(window.rstrip(_LOCAL))
    while start < at and buffer[start] in _EDGE:
        start += 1
    return start


def _pending(buffer: bytes) -> Hold:
    """The local part before an @ whose domain has hardly begun, or before one that may come."""
    at = len(buffer)
    if begun := _BEGUN.search(buffer, max(0, at - _TRIGGER)):
        at = begun.start()
    return Hold(_local(buffer, at), strong=at + 1 < len(buffer))


DETECTOR = Detector(
    name="email",
    rank=VALIDATED,
    triggers=(
        Trigger(f"@[{_FIRST}][{_NEXT}]{{2}}", before=_NO_LOCAL, strong=2),
        Trigger(f"{_QUOTED}[{_FIRST}][{_NEXT}]{{2}}", before=_NO_LOCAL, strong=4),
    ),
    confirm=_confirm,
    limit=_LOCAL_MOST + _DOMAIN_MOST + 5,
    pending=_pending,
    examples=(
        b"to ada@example.com, please",
        b"'o'okafor@mail.example.org'",
        b"user=h@corp.example.co.uk&x=1",
        b"<first.last+tag@sub.example.io>",
        b"x@xn--bcher-kva.example",
        b"mail:833925@firma.de.",
        b"GET /x?email=ada%40example.com&n=1",
    ),
    near_misses=(
        b"icon@2x.png logo@3x.webp",
        b"git@github.com:org/repo.git",
        b"repo/app@sha256:4a45f07561948b00",
        b"user@localhost",
        b"@example.com",
        b"getty@tty1.service",
        b"a@b@c",
        b"pkg@1.2.3-rc.next",
        b"ssh://deploy@host.example.com/",
        b"npm i left-pad@1.3.0",
    ),
)
