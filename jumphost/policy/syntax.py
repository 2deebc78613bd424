"""Rego as regorus read it: rules, and what they refer to, call and declare.

A node of the tree is a mapping of one kind to its content, ``{"Var": {"span": …, "value": "x"}}``, as regorus 0.13 has
it in ``src/ast.rs``. Nothing here recurses: the text may be hostile, and nested as deep as the engine takes it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Node = Any  # JSON: a mapping of one kind to its content, or mappings and lists that hold nodes

CLOSED = frozenset({"ArrayCompr", "SetCompr", "ObjectCompr", "Every"})  # have rounds of their own
_REFERENCES = frozenset({"Var", "RefDot", "RefBrack"})
_LITERALS = {"String": "text", "RawString": "text", "Number": "a number", "Bool": "a boolean", "Null": "null"}
_COMPOSITES = {"Array": "an array", "ArrayCompr": "an array", "Object": "an object", "ObjectCompr": "an object"}
KINDS = {**_LITERALS, **_COMPOSITES, "Set": "a set", "SetCompr": "a set"}  # of node → what its value is


@dataclass(frozen=True, slots=True)
class Reference:
    """``root.a[x]``: the parts after the root, None where one is not a constant text."""

    root: str
    path: tuple[str | None, ...]
    line: int
    indexes: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """``name(params)``; the name as it is written, with its dots."""

    name: str
    params: Sequence[Node]
    line: int


@dataclass(frozen=True, slots=True)
class Body:
    """What must hold, and the value if it is an ``else``."""

    query: Node
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``name`` is the constant part of its head below the package, ``parts`` all of it."""

    kind: Literal["set", "value", "function", "default"]
    line: int
    name: tuple[str, ...]
    parts: tuple[str | None, ...]
    args: Sequence[Node] = ()
    outputs: Sequence[Node] = ()  # keys and values of the head, those of each ``else`` too
    bodies: Sequence[Body] = ()

    @property
    def all(self) -> list[Node]:
        """Everything of it that is evaluated."""
        return [*self.args, *self.outputs, *(body.query for body in self.bodies)]


@dataclass(frozen=True, slots=True)
class Source:
    """One module. ``imports`` are aliases and the paths that they stand for."""

    path: str
    package: tuple[str, ...]
    imports: Mapping[str, tuple[str, ...]]
    rules: Sequence[Rule]
    text: bytes = field(repr=False)
    doubled: Sequence[tuple[str, int]] = ()  # aliases that another import of the module has too

    def imported(self, name: str) -> bool:
        """Whether ``import NAME`` is there."""
        return tuple(name.split(".")) in self.imports.values()

    def word(self, span: Mapping[str, int]) -> str:
        """The text of a span, where the tree has no more."""
        return self.text[span["start"] : span["end"]].decode()


def sources(trees: Iterable[Mapping[str, Any]]) -> list[Source]:
    """The modules of ``regorus.Engine.get_ast_as_json``."""
    return [_source(tree["source"], tree["ast"]) for tree in trees]


def _source(source: Mapping[str, str], ast: Mapping[str, Any]) -> Source:
    text = source["contents"].encode()
    imports: dict[str, tuple[str, ...]] = {}
    doubled = []
    for item in ast["imports"]:
        reference = refer(item["refr"])
        path = (reference.root, *(part or "" for part in reference.path)) if reference else ()
        span = item.get("as")
        alias = text[span["start"] : span["end"]].decode() if span else path[-1]
        if path[0] in ("rego", "future"):
            alias = ".".join(path)  # a switch of the language and no name
        if alias in imports:
            doubled.append((alias, line(item)))
        imports[alias] = path
    package = refer(ast["package"]["refr"])
    names = (package.root, *(part or "" for part in package.path)) if package else ()
    return Source(source["file"], names, imports, [_rule(rule) for rule in ast["rules"]], text, doubled)


def _rule(node: Node) -> Rule:
    kind, content = only(node)
    if kind == "Default":
        name, parts, _ = _name(content["refr"])
        return Rule("default", line(content), name, parts, content["args"], [content["value"]])
    shape, head = only(content["head"])
    name, parts, keys = _name(head["refr"])
    assigned = [place["assign"] for place in (head, *content["bodies"]) if place.get("assign")]
    outputs = [*keys, *([head["key"]] if shape == "Set" else []), *(item["value"] for item in assigned)]
    bodies = [Body(body["query"], body["is_else"]) for body in content["bodies"]]
    named: Literal["set", "value", "function"] = "set" if shape == "Set" else "function" if shape == "Func" else "value"
    return Rule(named, line(content), name, parts, head.get("args", ()), outputs, bodies)


def _name(node: Node) -> tuple[tuple[str, ...], tuple[str | None, ...], tuple[Node, ...]]:
    """The constant beginning of a head, all of its parts, and the keys that are none."""
    reference = refer(node)
    if reference is None:
        return (), (), (node,)
    parts = (reference.root, *reference.path)
    constant = parts.index(None) if None in parts else len(parts)
    return tuple(part for part in parts[:constant] if part is not None), parts, reference.indexes


def only(node: Node) -> tuple[str, Any]:
    """Kind and content of a node."""
    ((kind, content),) = node.items()
    return kind, content


def line(content: Mapping[str, Any]) -> int:
    """Where a node begins."""
    number: int = content["span"]["line"]
    return number


def nodes(tree: Node, *, closed: bool = True) -> Iterator[tuple[str, Any]]:
    """Kind and content of every node in it; ``closed`` False leaves out what has rounds of its own."""
    pending = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending += item
        elif isinstance(item, dict):
            if len(item) == 1:
                kind, content = only(item)
                if isinstance(content, dict) and "span" in content:
                    if kind in CLOSED and not closed:
                        continue
                    yield kind, content
            pending += item.values()


def uses(tree: Node, *, closed: bool = True) -> Iterator[Reference | Call]:
    """Every reference, as long as it is, and every call."""
    pending = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending += item
        elif isinstance(item, dict):
            kind, content = only(item) if len(item) == 1 else ("", {})
            if kind in _REFERENCES and (reference := refer(item)):
                yield reference
                pending += reference.indexes
            elif kind == "Call" and (called := refer(content["fcn"])):
                name = ".".join([called.root, *(part or "?" for part in called.path)])
                yield Call(name, content["params"], line(content))
                pending += content["params"]
            elif kind not in CLOSED or closed:
                pending += item.values()


def refer(node: Node) -> Reference | None:
    """The reference that a node is; None if it is another thing, or one into the value of a call or literal."""
    parts: list[str | None] = []
    indexes: list[Node] = []
    kind, content = only(node)
    where = line(content)
    while kind != "Var":
        if kind == "RefDot":
            parts.append(content["field"][1])
        elif kind == "RefBrack":
            name = text_of(content["index"])
            parts.append(name)
            if name is None:
                indexes.append(content["index"])
        else:
            return None
        kind, content = only(content["refr"])
    return Reference(content["value"], tuple(reversed(parts)), where, tuple(reversed(indexes)))


def replaced(tree: Node) -> Iterator[Reference]:
    """What `with` replaces."""
    pending = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            for change in item.get("with_mods", ()):
                if target := refer(change["refr"]):
                    yield target
        if isinstance(item, dict | list):
            pending += item.values() if isinstance(item, dict) else item


def text_of(node: Node) -> str | None:
    """The value of a literal text."""
    kind, content = only(node)
    return content["value"] if kind in ("String", "RawString") else None


def variables(node: Node) -> Iterator[tuple[str, int]]:
    """The names in a pattern, which binding to it gives values."""
    for used in uses(node):
        if isinstance(used, Reference) and not used.path:
            yield used.root, used.line


def declared(source: Source, rule: Rule) -> Iterator[tuple[str, int]]:
    """Names that a rule declares for itself, by arguments, ``:=``, ``some`` and ``every``, with their lines."""
    for arg in rule.args:
        yield from variables(arg)
    for kind, content in nodes([rule.outputs, [body.query for body in rule.bodies]]):
        if kind == "AssignExpr" and content["op"] == "ColEq":
            yield from variables(content["lhs"])
        elif kind == "SomeIn":
            for pattern in (content["key"], content["value"]):
                yield from variables(pattern) if pattern else ()
        elif kind == "SomeVars":
            yield from ((source.word(span), span["line"]) for span in content["vars"])
        elif kind == "Every":
            spans = (content["key"], content["value"])
            yield from ((source.word(span), span["line"]) for span in spans if span)
