"""Which format it is that begins here, by the header alone."""

import re
from typing import Final, NamedTuple

from jumphost.masking.columns import aligned, delimited, records
from jumphost.masking.columns.base import CAP, Lines, Reader
from jumphost.masking.columns.markup import Markup
from jumphost.masking.columns.names import Names
from jumphost.masking.columns.objects import Objects

_TAGS: Final = re.compile(  # what clients say between tables, and no data looks like
    rb"\([0-9]+ rows?\)|(?:INSERT [0-9]+|UPDATE|DELETE|SELECT|COPY|MERGE|FETCH|MOVE) [0-9]+"
    rb"|SET|BEGIN|COMMIT|ROLLBACK|(?:CREATE|DROP|ALTER|GRANT|REVOKE|TRUNCATE|LOCK)(?: [A-Z]+)*|DO|ANALYZE|VACUUM"
    rb"|Time: [0-9.]+ ms(?: \([0-9:.]+\))?|Timing is (?:on|off)\."
    rb"|(?:Expanded|Pager|Output|Border|Line|Null|Default) (?:display|usage|format|style|footer) is [\w -]+\."
    rb"|Query OK, [0-9]+ rows? affected.*|[0-9]+ rows? in set.*|Empty set.*"
)
_TITLE: Final = re.compile(
    rb"\s*(?:List of \w+(?: \w+)*|(?:Table|View|Index|Sequence|Materialized view) \"[\w.]+\")\s*"
)
_MARKUP: Final = re.compile(rb"<(?:\?xml|table|tr|th|resultset)[ \t\r\n>]", re.I)
_MARKUP_LONGEST: Final = 16  # bytes from which on it is told
_IN_NO_RULE: Final = re.compile(rb"[0-9A-Za-z\"'{<*]")
_SPACE: Final = re.compile(rb"[ \t\r\n]*+")


class Found(NamedTuple):
    """The reader of what begins after ``at``; None: up to ``at`` nothing begins, what follows it is not there yet."""

    at: int
    reader: Reader | None


def sniff(buffer: bytes, at: int, names: Names, *, final: bool) -> Found:
    """Passes over what is no data and finds the reader of what comes after it."""
    while at < len(buffer):
        match = _SPACE.match(buffer, at)
        begin = match.end() if match else at
        at = max(at, buffer.rfind(b"\n", at, begin) + 1)
        if begin - at > CAP:
            return Found(at, None)
        if buffer[begin : begin + 1] in {b"{", b"["}:
            return Found(at, Objects(names))
        if buffer[begin : begin + 1] == b"<":
            if _MARKUP.match(buffer, begin):
                return Found(at, Markup(names))
            if len(buffer) - begin < _MARKUP_LONGEST and not final:
                return Found(at, None)
        lines = _lines(buffer, at, final=final)
        if not lines:
            return Found(at, None)
        line = lines[0].strip()
        if line and not _TAGS.fullmatch(line):
            found = _table(lines, at, names, final=final)
            return found if found.at - at <= CAP else Found(at, None)
        at = min(len(buffer), at + len(lines[0]) + 1)
    return Found(at, None)


def _lines(buffer: bytes, at: int, *, final: bool) -> list[bytes]:
    """The first lines, as many as a header takes: those that are there wholly, and a later one that is no rule."""
    lines = buffer[at:].split(b"\n", 4)
    whole = final or (len(lines) > 1 and _IN_NO_RULE.search(lines[-1]))
    return lines if whole and len(lines) <= 4 else lines[:-1]


def _table(lines: list[bytes], at: int, names: Names, *, final: bool) -> Found:
    """The reader of a table by its first lines: a record, a header and a rule, or a header alone."""
    texts = [line.removesuffix(b"\r") for line in lines]
    if (kind := records.kind(texts[0])) and kind != "sqlite":
        return Found(at, Lines(records.Records(kind, names)))
    first = int(bool(_TITLE.fullmatch(texts[0])))
    top = aligned.rule(texts[first]) if len(texts) > first else None
    needed = first + (3 if top else 2)
    if len(texts) < needed and not final:
        return Found(at, None)
    columns = aligned.rule(texts[needed - 1]) if len(texts) >= needed else None
    if columns and (top is None or top == columns):
        try:
            rows = aligned.Aligned(columns, texts[needed - 2], names)
        except ValueError:
            return Found(at, None)
        return Found(at + sum(len(line) + 1 for line in lines[:needed]), Lines(rows))
    if header := delimited.header(texts[0], names):
        reader = delimited.reader(*header, names)
        after = at + len(lines[0]) + 1
        return Found(at if isinstance(reader, Lines) and delimited.may_be_record(header[1], names) else after, reader)
    return Found(at, Lines(records.Records(kind, names)) if kind else None)
