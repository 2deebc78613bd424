"""The requests of a wget command, by its own rules (GNU Wget 1.21.3, ``wget --help``).

wget follows redirects: without ``--max-redirect=0`` there is one more entry without a URL, which the server chooses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from jumphost.command.flags import OPERAND, Given, Table, names, walk
from jumphost.command.web.urls import PLAIN, Url, changes_request, dynamic, entry, read, redirected
from jumphost.model.request import Http

_PLAIN_BARE: Final = names(
    "auth-no-challenge c:continue d:debug content-on-error https-only ignore-case ignore-length 4:inet4-only"
    " 6:inet6-only no-cache no-check-certificate no-config no-cookies no-dns-cache no-hsts no-http-keep-alive"
    " no-if-modified-since no-iri no-netrc no-proxy no-use-server-timestamps q:quiet random-wait retry-connrefused"
    " S:server-response show-progress N:timestamping v:verbose no-verbose"
)
_PLAIN_VALUED: Final = names(
    "bind-address ca-certificate ca-directory certificate certificate-type ciphers compression connect-timeout crl-file"
    " dns-timeout http-password http-user limit-rate password pinnedpubkey prefer-family private-key private-key-type"
    " progress proxy-password proxy-user Q:quota read-timeout referer report-speed retry-on-http-error secure-protocol"
    " T:timeout t:tries user U:user-agent w:wait waitretry"
)
_READ_BARE: Final = names("h:help no-clobber no-directories no-host-directories no-parent spider V:version")
_READ_VALUED: Final = names(
    "a:append-output body-data body-file P:directory-prefix header max-redirect method O:output-document o:output-file"
    " post-data post-file"
)
_TABLE: Final = Table(bare=_PLAIN_BARE | _READ_BARE, valued=_PLAIN_VALUED | _READ_VALUED | {"-n": "n"})
_NEGATED: Final = {"c": "no-clobber", "d": "no-directories", "H": "no-host-directories", "p": "no-parent"} | {
    "v": "no-verbose"
}
_BODIES: Final = {"body-data": "literal", "body-file": "file", "post-data": "literal", "post-file": "file"}
_METHOD = re.compile(r"[A-Za-z][A-Za-z-]*")  # sent in capitals
_NAME = re.compile(r"[A-Za-z0-9._=&+,-]+(?:\?[A-Za-z0-9._=&+,-]*)?")


@dataclass(slots=True)
class _Call:
    urls: list[str] = field(default_factory=list)
    flags: dict[str, str] = field(default_factory=dict)
    body: str = "none"
    clouded: bool = False


def requests(cmd: int, words: Sequence[str]) -> tuple[Http, ...]:
    """One entry for each URL of the argv ``words`` (without the program); Unread if they hold what is not known."""
    call = _Call()
    for given in walk(words, _TABLE):
        if given.name in ("help", "version"):
            return ()
        _take(call, given)
    method = _method(call)
    found: list[Http] = []
    for text in call.urls:
        url = read(text) if PLAIN.fullmatch(text) else None
        output = _output(call, url)
        found.append(
            entry(
                cmd,
                text,
                None if call.clouded else url,
                method=method,
                body=call.body,
                output=output,
                proxy="",
            )
        )
    if not found:
        return (dynamic(cmd),)
    return tuple(found) if call.flags.get("max-redirect") == "0" else (*found, *redirected(found))


def _take(call: _Call, given: Given) -> None:
    name, value = given
    call.clouded |= "\n" in value and name not in _BODIES
    if name == OPERAND:
        call.urls.append(value)
    elif name == "n":
        for letter in value:
            call.clouded |= letter not in _NEGATED
            call.flags[_NEGATED.get(letter, "")] = ""
    elif name == "header":
        call.clouded |= changes_request(value)
    elif name in ("output-file", "append-output"):
        call.clouded |= value not in ("-", "/dev/null")
    elif name in _BODIES:
        call.clouded |= call.body != "none"
        call.body = _BODIES[name]
        call.flags[name] = value
    else:
        call.flags[name] = value


def _method(call: _Call) -> str:
    """What is sent; "" where flags contradict each other or it is no method."""
    posts = any(name.startswith("post-") for name in call.flags)
    if "method" in call.flags:
        method = call.flags["method"]
        return method.upper() if _METHOD.fullmatch(method) and not posts and "spider" not in call.flags else ""
    if call.body != "none":
        return "POST" if posts and "spider" not in call.flags else ""
    return "HEAD" if "spider" in call.flags else "GET"


def _output(call: _Call, url: Url | None) -> str:
    """Where the answer goes: by default the last name of the URL; "" if it is not known."""
    flags = call.flags
    if "spider" in flags:
        return "stdout"
    if "output-document" in flags:
        name = flags["output-document"]
        return "stdout" if name == "-" else name
    if url is None:
        return ""
    name = (url.path.rpartition("/")[2] or "index.html") + url.query
    folder = flags.get("directory-prefix", "").rstrip("/")
    if not _NAME.fullmatch(name) or ("directory-prefix" in flags and not folder):
        return ""
    return f"{folder}/{name}" if folder else name
