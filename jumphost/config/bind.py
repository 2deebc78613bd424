"""A located tree → a Struct, by its annotations: every problem is found in one run, at the line where it stands."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar, cast

from msgspec import NODEFAULT, Struct, inspect

from jumphost.config.tree import Findings, Node, show

T = TypeVar("T", bound=Struct)
Check = Callable[[Any], Iterator[str]]
"""Looks at one value and yields what is wrong with it: ``got …, expected …``."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")


class _Bad:
    """Stands for a value that was reported."""


_BAD = _Bad()


def bind(
    node: Node,
    want: type[T],
    found: Findings,
    *,
    key: str = "",
    checks: Mapping[str, Check] | None = None,
    given: Mapping[str, Any] | None = None,
) -> T | None:
    """A ``want`` made of ``node``, or None with the reasons added to ``found``.

    ``key`` is what messages call the node. ``checks`` go by the path of fields below it, ``*`` for the items of a list
    and the values of a mapping: ``host_keys.*``. ``given`` are fields that the file does not hold.
    """
    made = _Binder(found, checks or {})._struct(_described(want), node, key, "", given or {})
    return None if isinstance(made, _Bad) else cast(T, made)


@cache
def _described(want: type[Struct]) -> inspect.StructType:
    return cast(inspect.StructType, inspect.type_info(want))


class _Binder:
    def __init__(self, found: Findings, checks: Mapping[str, Check]) -> None:
        self._found = found
        self._checks = checks

    def _struct(self, want: inspect.StructType, node: Node, key: str, path: str, given: Mapping[str, Any]) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, key, "a mapping")
        fields = {field.encode_name: field for field in want.fields if field.name not in given}
        made: dict[str, Any] = dict(given)
        for name, child in node.value.items():
            if name in fields:
                made[fields[name].name] = self._value(fields[name].type, child, _join(key, name), _join(path, name))
            else:
                made[name] = self._unknown(name, child, key, fields)
        for name, field in fields.items():
            if field.default is NODEFAULT and field.default_factory is NODEFAULT and name not in node.value:
                message = f"got no {name!r}, expected {_expected(field.type)}"
                self._found.add(node.line, key, message, code="schema.key")
                made[name] = _BAD
        return _BAD if any(isinstance(value, _Bad) for value in made.values()) else want.cls(**made)

    def _unknown(self, name: str, child: Node, key: str, fields: Mapping[str, Any]) -> Any:
        near = difflib.get_close_matches(name, fields, n=1)
        expected = f"{near[0]!r}?" if near else f"one of {', '.join(fields)}"
        message = f"got an unknown key, expected {expected}"
        self._found.add(child.line, _join(key, name), message, code="schema.key")
        return _BAD

    def _value(self, want: inspect.Type, node: Node, key: str, path: str) -> Any:
        match want:
            case inspect.StructType(tag_field=str()):
                made = self._one_of((want,), node, key, path)
            case inspect.StructType():
                made = self._struct(want, node, key, path, {})
            case inspect.DictType():
                made = self._mapping(want, node, key, path)
            case inspect.VarTupleType():
                made = self._list(want, node, key, path)
            case inspect.UnionType() if kinds := _kinds(want):
                made = self._one_of(kinds, node, key, path)
            case inspect.UnionType():  # T | None: None is what it is without the key, and is not written
                made = self._value(_present(want), node, key, path)
            case inspect.AnyType():
                made = node.plain()
            case inspect.Metadata(type=inner, extra={"duration": True}):
                made = self._scalar(inner, node, seconds(node.value), key, want)
            case _:
                made = self._scalar(want, node, node.value, key, want)
        if not isinstance(made, _Bad):
            for message in self._checks.get(path, _nothing)(made):
                self._found.add(node.line, key, message, code="schema.value")
                made = _BAD
        return made

    def _one_of(self, kinds: tuple[inspect.StructType, ...], node: Node, key: str, path: str) -> Any:
        """The struct whose tag the mapping names."""
        if not isinstance(node.value, dict):
            return self._wrong(node, key, "a mapping")
        field, known = str(kinds[0].tag_field), {str(kind.tag): kind for kind in kinds}
        said = node.value.get(field)
        if said is None:
            message = f"got no {field!r}, expected one of {', '.join(known)}"
            self._found.add(node.line, key, message, code="schema.key")
            return _BAD
        if not isinstance(said.value, str) or said.value not in known:
            return self._wrong(said, _join(key, field), f"one of {', '.join(known)}")
        rest = {name: child for name, child in node.value.items() if name != field}
        return self._struct(known[said.value], replace(node, value=rest), key, path, {})

    def _mapping(self, want: inspect.DictType, node: Node, key: str, path: str) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, key, "a mapping")
        made = {
            name: self._value(want.value_type, child, _join(key, name), _join(path, "*"))
            for name, child in node.value.items()
        }
        return _BAD if any(isinstance(value, _Bad) for value in made.values()) else made

    def _list(self, want: inspect.VarTupleType, node: Node, key: str, path: str) -> Any:
        if not isinstance(node.value, list):
            return self._wrong(node, key, _expected(want))
        made = tuple(
            self._value(want.item_type, child, f"{key}[{index}]", _join(path, "*"))
            for index, child in enumerate(node.value)
        )
        return _BAD if any(isinstance(value, _Bad) for value in made) else made

    def _scalar(self, want: inspect.Type, node: Node, value: Any, key: str, written: inspect.Type) -> Any:
        match want:
            case inspect.StrType(pattern=pattern):
                fits = isinstance(value, str) and (pattern is None or re.search(pattern, value) is not None)
            case inspect.IntType(ge=low, le=high):
                fits = type(value) is int and (low is None or value >= low) and (high is None or value <= high)
            case inspect.BoolType():
                fits = isinstance(value, bool)
            case inspect.LiteralType(values=values):
                fits = isinstance(value, str) and value in values
            case _:
                raise TypeError(f"{key}: no way to read {want} from a file")
        return value if fits else self._wrong(node, key, _expected(written))

    def _wrong(self, node: Node, key: str, expected: str) -> _Bad:
        self._found.add(node.line, key, f"got {show(node.value)}, expected {expected}", code="schema.value")
        return _BAD


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _nothing(_: Any) -> Iterator[str]:
    return iter(())


def _kinds(want: inspect.UnionType) -> tuple[inspect.StructType, ...]:
    """The members of a union of structs that are told apart by a tag; none of another union."""
    return tuple(one for one in want.types if isinstance(one, inspect.StructType) and one.tag_field)


def _present(want: inspect.UnionType) -> inspect.Type:
    return next(one for one in want.types if not isinstance(one, inspect.NoneType))


def seconds(value: object) -> object:
    """Seconds of ``90``, ``"90s"``, ``"15m"``, ``"2h"`` or ``"7d"``; anything else as it is."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        return int(match[1]) * _SECONDS[match[2]]
    return value


def _expected(want: inspect.Type) -> str:
    match want:
        case inspect.AnyType():
            return "a value"
        case inspect.StructType() | inspect.DictType():
            return "a mapping"
        case inspect.VarTupleType(item_type=inner):
            return f"a list, each {_expected(inner)}"
        case inspect.UnionType():
            return _expected(_present(want))
        case inspect.Metadata(extra={"duration": True}):
            return "a duration such as 90s, 15m, 2h or 7d"
        case inspect.StrType(pattern=None):
            return "text"
        case inspect.StrType(pattern=pattern):
            return f"text that matches {pattern}"
        case inspect.IntType(ge=low, le=high):
            bounds = f" from {low}" * (low is not None) + f" up to {high}" * (high is not None)
            return f"an integer{bounds}"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(sorted(map(str, values)))
        case _:
            raise TypeError(f"no name for {want}")
