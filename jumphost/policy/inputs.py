"""References to what no request document has: such a rule would never say anything."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from jumphost.errors import Problem
from jumphost.model.request import Request
from jumphost.policy.syntax import Node, Reference, Rule, Source, nodes, only, refer, uses, variables

Schema = Mapping[str, Any]  # JSON Schema, as msgspec makes it of our Structs

_ROUNDS = 3  # of finding what a variable is: one for each variable that another is taken from


@cache
def _document() -> Schema:
    schema: Schema = msgspec.json.schema(Request)
    return schema


def check(source: Source) -> Iterator[Problem]:
    """Each reference below ``input``, or below a variable that comes from there, to a name that cannot be there."""
    for rule in source.rules:
        known = _variables(rule)
        for used in uses(rule.all):
            if isinstance(used, Reference) and (schema := known.get(used.root)):
                yield from _missing(source, used, schema)


def _variables(rule: Rule) -> dict[str, Schema]:
    """``input`` and the variables of a rule whose shape is certain: the same wherever they are bound."""
    doubtful: set[str] = set()
    while True:
        known: dict[str, Schema] = {"input": _document()}
        for _ in range(_ROUNDS):
            for name, schema in _bindings(rule, known):
                if schema is not None and name not in doubtful:
                    known.setdefault(name, schema)
        doubts = {name for name, schema in _bindings(rule, known) if name in known and schema != known[name]}
        if not doubts:
            return known
        doubtful |= doubts


def _bindings(rule: Rule, known: Mapping[str, Schema]) -> Iterator[tuple[str, Schema | None]]:
    """Variables, each time one is bound, and what they are then; None where that is not known."""
    for arg in rule.args:
        yield from _bound(arg, None)
    for kind, content in nodes(rule.all):
        if kind == "SomeIn":
            inside = _shape(content["collection"], known)
            yield from _bound(content["value"], _item(inside) if inside else None)
        elif kind == "AssignExpr":
            yield from _bound(content["lhs"], _shape(content["rhs"], known))


def _bound(pattern: Node, schema: Schema | None) -> Iterator[tuple[str, Schema | None]]:
    alone = only(pattern)[0] == "Var"
    for name, _ in variables(pattern):
        yield name, schema if alone else None


def _shape(node: Node, known: Mapping[str, Schema]) -> Schema | None:
    reference = refer(node)
    schema = known.get(reference.root) if reference else None
    if reference is None or schema is None:
        return None
    for part in reference.path:
        schema = _step(schema, part)
        if schema is None:
            return None
    return schema


def _missing(source: Source, reference: Reference, schema: Schema) -> Iterator[Problem]:
    written = reference.root
    for part in reference.path:
        fields = _resolved(schema).get("properties", {})
        step = _step(schema, part)
        if step is None:
            if part is not None and not _open(schema):
                message = (
                    f"got {written}.{part}, which no request has, expected one of {', '.join(sorted(fields)) or 'none'}"
                )
                yield Problem(source.path, reference.line, "", message, code="schema.input")
            return
        written = f"{written}.{part}" if part is not None else f"{written}[_]"
        schema = step


def _step(schema: Schema, part: str | None) -> Schema | None:
    """What is below a key or, for None, below any."""
    found = _resolved(schema)
    if part is not None and part in found.get("properties", {}):
        step: Schema = found["properties"][part]
        return step
    return _item(schema) if part is None or ("properties" not in found and found.get("type") == "object") else None


def _item(schema: Schema) -> Schema | None:
    """What every member is; None where they differ."""
    found = _resolved(schema)
    inside = found.get("items") or found.get("additionalProperties")
    return inside if isinstance(inside, dict) and inside else None


def _open(schema: Schema) -> bool:
    """Whether it may hold any name."""
    found = _resolved(schema)
    return not found.get("type") or (found["type"] == "object" and found.get("additionalProperties") is not False)


def _resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = _document()["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema
