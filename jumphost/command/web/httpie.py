"""The requests of ``http`` and ``https`` (HTTPie 3.2.1, ``http --help``), called where standard input is no terminal.

Where ``--follow`` follows redirects there is one more entry without a URL: the server chooses it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from jumphost.command.flags import OPERAND, Table, names, walk
from jumphost.command.web.urls import PLAIN, changes_request, entry, read, redirected
from jumphost.model.request import Http

_PLAIN_BARE: Final = names(
    "all b:body check-status chunked x:compress debug f:form h:headers ignore-netrc j:json m:meta multipart path-as-is"
    " q:quiet sorted S:stream traceback unsorted v:verbose"
)
_PLAIN_VALUED: Final = names(
    "a:auth A:auth-type boundary cert cert-key cert-key-pass ciphers format-options max-headers max-redirects"
    " pretty p:print response-charset response-mime ssl s:style timeout verify"
)
_READ_BARE: Final = names("F:follow help I:ignore-stdin manual version")
_READ_VALUED: Final = names("default-scheme o:output proxy raw")
_TABLE: Final = Table(bare=_PLAIN_BARE | _READ_BARE, valued=_PLAIN_VALUED | _READ_VALUED, short_equals=True)
_METHOD = re.compile(r"[A-Za-z]+")  # so HTTPie tells it from a URL; sent in capitals
_SEPARATOR = re.compile(r"==@|:=@|=@|:@|==|:=|[=@:;]")  # the first counts, and of two there the longer
_QUERY = re.compile(r"[A-Za-z0-9._~-]*")
_BODIES: Final = {"=": "literal", ":=": "literal", "=@": "file", ":=@": "file", "@": "file"}


@dataclass(slots=True)
class _Items:
    """What the operands after the URL add."""

    query: list[str] = field(default_factory=list)
    bodies: set[str] = field(default_factory=set)
    clouded: bool = False


def requests(cmd: int, words: Sequence[str], *, scheme: str) -> tuple[Http, ...]:
    """The entries of the argv ``words`` (without the program), whose URL may leave out ``scheme``; Unread."""
    operands: list[str] = []
    flags: dict[str, list[str]] = {}
    for name, value in walk(words, _TABLE):
        if name in ("help", "manual", "version"):
            return ()
        (operands if name == OPERAND else flags.setdefault(name, [])).append(value)
    method, written, *rest = operands if _has_method(operands) else ("", *(operands or [""]))
    items = _items(rest)
    if "raw" in flags:
        items.bodies.add("literal")
    if "ignore-stdin" not in flags:
        items.bodies.add("stdin")
    if "default-scheme" in flags and scheme == "http":
        scheme = flags["default-scheme"][-1]
    text = written + ("&" if "?" in written else "?") + "&".join(items.query) if items.query else written
    output, proxies = flags.get("output", ["-"]), flags.get("proxy", [""])
    known = PLAIN.fullmatch(text) and not items.clouded and len(output) == len(proxies) == 1 and all(output)
    found = entry(
        cmd,
        text,
        read(_spelled_out(text), default_scheme=scheme) if known else None,
        method=method.upper() or ("POST" if items.bodies else "GET"),
        body=next((kind for kind in ("file", "stdin", "literal") if kind in items.bodies), "none"),
        output="stdout" if output[-1] in ("-", "/dev/stdout") else output[-1],
        proxy=proxies[-1].partition(":")[2],
    )
    return (found, *redirected([found])) if "follow" in flags else (found,)


def _has_method(operands: Sequence[str]) -> bool:
    return len(operands) > 1 and _METHOD.fullmatch(operands[0]) is not None


def _items(operands: Sequence[str]) -> _Items:
    found = _Items()
    for operand in operands:
        separator = _SEPARATOR.search(operand)
        if separator is None or "\\" in operand:
            found.clouded = True
            continue
        name, sign, value = operand[: separator.start()], separator[0], operand[separator.end() :]
        if sign in _BODIES:
            found.bodies.add(_BODIES[sign])
        elif sign == "==" and _QUERY.fullmatch(name) and _QUERY.fullmatch(value):
            found.query.append(f"{name}={value}")
        elif sign not in (":", ";") or changes_request(operand):
            found.clouded = True
    return found


def _spelled_out(text: str) -> str:
    """The URL with the host that ``:8080/path`` and ``:/path`` leave out."""
    if text.startswith("://"):
        return text[3:]
    if text.startswith(":") and not text.startswith("::"):
        return "localhost" + (text if text[1:2].isdigit() else text[1:])
    return text
