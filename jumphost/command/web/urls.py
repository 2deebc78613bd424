"""The text of a URL → where a request for it goes, or nothing: what clients read differently is not read at all."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from msgspec.structs import replace

from jumphost.model.request import Http, plain_address

PORTS: Final = {"http": 80, "https": 443}

PLAIN: Final = re.compile(r"[A-Za-z0-9._~/&=+,;:@?-]*")  # a URL that every client sends as it is written

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SENT = r"A-Za-z0-9._~%!$&'()*+,;=:@/-"  # RFC 3986: pchar and the slash
_FORM = r"""
    (?: [A-Za-z0-9._~%!$&'()*+,;=:-]+ @ )?
    ( \[ [0-9A-Fa-f:.]+ \] | [A-Za-z0-9_] [A-Za-z0-9_.-]* )
    (?: : ( [1-9][0-9]{0,4} ) )?
    ( / [SENT]* )?
    ( \? [SENT?]* )?
    (?: \# [SENT?]* )?
"""
_REST = re.compile(_FORM.replace("SENT", _SENT), re.VERBOSE)
_REST_BRACKETED = re.compile(_FORM.replace("SENT", r"\[\]{}" + _SENT), re.VERBOSE)
_GUESSED_SCHEMES = ("dict.", "ftp.", "ftps.", "imap.", "ldap.", "pop3.", "smtp.")  # curl goes by such a host's name
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

_TELLING_HEADER = re.compile(
    r"@|\s*(?:connection|content-length|host|transfer-encoding|upgrade|x-http-method(?:-override)?|x-method-override)"
    r"\s*[:;]|.*[\r\n]",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Url:
    """Where a request goes. ``host`` is lower-case or the canonical address, ``path`` begins with a slash."""

    scheme: str
    host: str
    port: int
    path: str
    query: str  # with its question mark, or ""


def read(text: str, *, default_scheme: str = "http", brackets: bool = False) -> Url | None:
    """The parts of an http or https URL; None for any other, and for every form that two clients may read differently.

    Those are: dot segments, encoded ones too; hosts that are numbers but no plain address, end in a dot or hold an
    escape; an empty or a wrong port; characters that RFC 3986 does not allow where they stand. ``brackets`` allows
    ``[]{}`` in path and query, for a client that sends them as they are.
    """
    found = _SCHEME.match(text)
    scheme, rest = (found[1].lower(), text[found.end() :]) if found else (default_scheme, text)
    if scheme not in PORTS or (not found and rest.lower().startswith(_GUESSED_SCHEMES)):
        return None
    parts = (_REST_BRACKETED if brackets else _REST).fullmatch(rest)
    host = _host(parts[1]) if parts else ""
    if not parts or not host:
        return None
    port, path = int(parts[2] or PORTS[scheme]), parts[3] or "/"
    if port > 0xFFFF or not {".", ".."}.isdisjoint(re.split(r"[/\\]", unquote(path))):
        return None
    return Url(scheme, host, port, path, parts[4] or "")


def scheme(text: str) -> str:
    """The scheme that a URL names, lower-case; "" if it names none."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else ""


def changes_request(header: str) -> bool:
    """Whether a header (``Name: value``) makes of the request another than its method and URL say, or is a file's."""
    return _TELLING_HEADER.match(header) is not None


def _host(written: str) -> str:
    """In its one form; "" if there is none."""
    labels = written.split(".")
    if written.startswith("[") or _NUMBER.fullmatch(labels[-1]):
        try:
            return str(plain_address(written.strip("[]")))
        except ValueError:
            return ""
    return written.lower() if all(labels) else ""


def entry(cmd: int, text: str, url: Url | None, *, method: str, body: str, output: str, proxy: str) -> Http:
    """One of the document's; not wholly known without ``url``, ``method`` or ``output``."""
    found = Http(cmd, method, text, "", "", 0, "", body, output, proxy)
    if url is None or not method or not output:
        return unknown(found)
    return replace(found, scheme=url.scheme, host=url.host, port=url.port, path=url.path)


def dynamic(cmd: int) -> Http:
    """A request of which nothing is known."""
    return unknown(Http(cmd, "", "", "", "", 0, ""))


def unknown(one: Http) -> Http:
    """A request that is not wholly known: its URL and scheme stay for a reader, no part of it for a rule."""
    return replace(one, scheme=scheme(one.url), host="", port=0, path="", url_k="dynamic")


def redirected(entries: Iterable[Http]) -> tuple[Http, ...]:
    """What a client asks for next that follows a redirect: the same, of whom the server says."""
    return tuple(dict.fromkeys(unknown(replace(one, url="")) for one in entries))
