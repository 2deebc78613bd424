"""YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema) as a tree that knows where everything stands.

Of PyYAML only libyaml's events are used: its constructors speak YAML 1.1, where ``22:00`` is 1320 and ``no`` is false.
Only what JSON can say is taken: one document, string keys, each once, no anchors, tags or directives.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import yaml

from jumphost.errors import Problem

MAX_BYTES = 16 << 20  # a site of 10,000 identities is some 3 MB
MAX_DEPTH = 32  # as of a request document
MAX_INTEGER = 2**53  # I-JSON, RFC 7493 §2.2: beyond it two engines may read two numbers

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_HIDDEN_BREAK = re.compile("[\x85\u2028\u2029]")  # a line's end to YAML 1.1, a character to 1.2 and to most editors

_SHOWN = 60  # characters of a wrong value that a message repeats

_Event = Any  # PyYAML's stubs know neither the anchors and tags of events nor that they have marks
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value, and where it stands."""

    value: "Scalar | dict[str, Node] | list[Node]"
    line: int  # of its key, where it has one; from 1
    start: int = 0  # characters of the text: where the value begins and ends, where its key begins
    end: int = 0
    key: int = 0
    column: int = 0  # of its key, from 0
    flow: bool = False  # written with { } or [ ]

    def plain(self) -> Any:
        """The value as builtins."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


@dataclass(slots=True)
class Findings:
    """Collects the problems of one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int, key: str, message: str, *, code: str) -> None:
        """Adds ``FILE:LINE: KEY: MESSAGE``; the message says what was got and what was expected."""
        self.problems.append(Problem(self.file, line, key, message, code=code))


def kind(value: object) -> str:
    """What a person calls the type of a value."""
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true/false", int: "an integer", float: "a number"}
    return names.get(type(value), "nothing")


def show(value: object) -> str:
    """A wrong value as a message repeats it."""
    if isinstance(value, dict | list) or value is None:
        return kind(value)
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def parse(data: bytes, found: Findings) -> Node | None:
    """The tree of a file, or None if it cannot be read; adds what is wrong to ``found`` and never raises."""
    if len(data) > MAX_BYTES:
        found.add(0, "", f"got {len(data)} bytes, expected at most {MAX_BYTES}", code="syntax.yaml")
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found.add(line, "", f"got byte 0x{data[error.start]:02x}, expected UTF-8", code="syntax.yaml")
        return None
    if hidden := _HIDDEN_BREAK.search(text):
        line = text.count("\n", 0, hidden.start()) + 1
        message = f"got the character U+{ord(hidden[0]):04X}, expected it as an escape within double quotes"
        found.add(line, "", message, code="syntax.yaml")
        return None
    try:
        return _Builder(found).document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found.add(mark.line + 1 if mark else 0, "", f"not YAML: {error.problem or error}", code="syntax.yaml")
    except yaml.reader.ReaderError as error:
        line = data.count(b"\n", 0, error.position) + 1
        found.add(line, "", f"not YAML: {error.reason}", code="syntax.yaml")
    except _TooDeep as error:
        found.add(error.line, "", f"got more than {MAX_DEPTH} levels, expected fewer", code="syntax.yaml")
    return None


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Builder:
    """Events → Node; what JSON cannot say becomes a finding, and the tree goes on without it."""

    def __init__(self, found: Findings) -> None:
        self._found = found

    def document(self, events: Iterator[_Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version or event.tags:
                    self._wrong(event, "got a directive, expected none: files are read as YAML 1.2")
                if root is not None:
                    self._wrong(event, "got a second document, expected one")
                node = self._node(next(events), events, 1)
                root = root or node
        return root or Node(None, 1)

    def _node(self, event: _Event, events: Iterator[_Event], depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _TooDeep(event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            self._wrong(event, f"got the alias *{event.anchor}, expected the value itself")
            return _at(event, None)
        if event.anchor is not None:
            self._wrong(event, f"got the anchor &{event.anchor}, expected none")
        if event.tag is not None:
            self._wrong(event, f"got the tag {event.tag}, expected none")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                items.append(self._node(item, events, depth + 1))
            return _at(event, items, end=item)
        return _at(event, self._scalar(event))

    def _mapping(self, event: _Event, events: Iterator[_Event], depth: int) -> Node:
        entries: dict[str, Node] = {}
        while not isinstance(first := next(events), yaml.MappingEndEvent):
            key = self._node(first, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key.value, str):
                self._wrong(first, f"got a key that is {kind(key.value)}, expected text: put it in quotes")
            elif key.value == "<<":
                self._wrong(first, "got the key <<, expected none: YAML 1.2 has no merge keys")
            elif key.value in entries:
                before = entries[key.value].line
                self._wrong(first, f"got the key {key.value!r} again, expected it once (line {before} has it too)")
            else:
                entries[key.value] = Node(
                    value.value, key.line, value.start, value.end, key.start, key.column, value.flow
                )
        return _at(event, entries, end=first)

    def _scalar(self, event: _Event) -> Scalar:
        text: str = event.value
        if "\0" in text:
            self._wrong(event, "got a NUL character, expected none")
        plain = event.implicit[0]
        if not plain:
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if INTEGER.fullmatch(text):
            return self._integer(event, text)
        if FLOAT.fullmatch(text) and isfinite(number := float(text)):
            return number
        if FLOAT.fullmatch(text) or _ENDLESS.fullmatch(text):
            self._wrong(event, f"got {text}, expected a finite number")
        return text

    def _integer(self, event: _Event, text: str) -> int:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        number = int(text, base) if len(text) <= 24 else MAX_INTEGER + 1
        if abs(number) > MAX_INTEGER:
            self._wrong(event, f"got {text[:24]}, expected an integer within ±2^53: put it in quotes")
        return number

    def _wrong(self, event: _Event, message: str) -> None:
        self._found.add(event.start_mark.line + 1, "", message, code="syntax.yaml")


def _at(event: _Event, value: "Scalar | dict[str, Node] | list[Node]", end: _Event | None = None) -> Node:
    start, last = event.start_mark, (end or event).end_mark
    flow = bool(getattr(event, "flow_style", False))
    return Node(value, start.line + 1, start.index, last.index, start.index, start.column, flow)
