"""What the embedded engine answers otherwise than OPA, silently, found in a policy's text before it judges.

Each check is a class that was measured against OPA 1.22.2 (strict, total documents): on random policies the engines
differed in 911 of 8,789 answers, on those that pass these checks in none of 22,732. What is about more than one rule
is in :mod:`jumphost.policy.program`.
"""

import re
from collections.abc import Iterator
from typing import Any

from jumphost.config.tree import MAX_INTEGER
from jumphost.errors import Problem
from jumphost.policy.syntax import (
    KINDS,
    Call,
    Node,
    Reference,
    Rule,
    Source,
    declared,
    line,
    nodes,
    only,
    refer,
    replaced,
    text_of,
    uses,
    variables,
)

V1, NOT = "rego.v1", "future.keywords.not"  # what makes both engines read one language
_CLASSES = re.compile(r"\\(?:\\|(?P<of>[dDwWsSbB]))")
_EMPTY = re.compile(r"[{,](?=[,}])")
_ORDERED = frozenset({"text", "a number", "a boolean", "null", "an array"})
_WALK = 2  # arguments of the relation

Found = Iterator[tuple[int, str, str, str]]  # line, code below "portable.", message, fix


def check(source: Source) -> Iterator[Problem]:
    """Findings in one module by itself."""
    for number, code, message, fix in (
        *_imports(source),
        *(one for rule in source.rules for one in _rule(source, rule)),
    ):
        yield Problem(source.path, number, "", message, code=f"portable.{code}", fix=fix)


def _imports(source: Source) -> Found:
    negated = any(kind == "NotExpr" for rule in source.rules for kind, _ in nodes(rule.all))
    for name, needed in ((V1, True), (NOT, negated)):
        if needed and not source.imported(name):
            message = (
                f"got no `import {name}`, expected it after the package: without it `not` has another meaning in OPA"
            )
            if name == V1:
                message = f"got no `import {name}`, expected it after the package: it makes OPA read this language"
            yield 1, "import", message, f"import {name}"


def _rule(source: Source, rule: Rule) -> Found:
    yield from _head(source, rule)
    yield from _shape_of_head(rule)
    for kind, content in nodes(rule.all):
        yield from _node(source, kind, content)
    for kind, content in nodes([body.query for body in rule.bodies]):
        if kind == "Every":
            negated = [inner for of, inner in nodes(content["query"]) if of == "NotExpr"]
            for inner in negated:
                message = "got `not` inside `every`, where the engine fails on what OPA takes as true"
                yield line(inner), "every", message, "put it into a rule of its own, and ask `every` for that"
    yield from _walks(rule)
    for target in replaced(rule.all):
        if target.root not in ("input", "data"):
            message = f"got `with {target.root}`, expected it on input or data: functions are replaced otherwise in OPA"
            yield target.line, "with", message, "give the function what it should look at as an argument"
    for used in uses(rule.all):
        if isinstance(used, Call):
            yield from _patterns(used)


def _head(source: Source, rule: Rule) -> Found:
    """A value that is looked up in the head loses all rounds if the last one has none."""
    otherwise = rule.kind == "function" and any(body.otherwise for body in rule.bodies)
    looked_up = [used for used in uses(rule.outputs, closed=False) if isinstance(used, Call) or used.path]
    if looked_up and rule.kind != "default" and (otherwise or _iterates(source, rule)):
        message = (
            "got a look-up or a call in the head of a rule with several rounds: one without a value loses the others"
        )
        yield (
            looked_up[0].line,
            "head",
            message,
            "give it a name in the body (`name := …`) and put the name into the head",
        )


def _iterates(source: Source, rule: Rule) -> bool:
    """Whether its body may hold more than once; in doubt it may."""
    plain = [rule.outputs, [body.query for body in rule.bodies]]
    if len(rule.bodies) > 1 and not all(body.otherwise for body in rule.bodies[1:]):
        return True
    if any(kind in ("SomeIn", "SomeVars") for kind, _ in nodes(plain, closed=False)):
        return True
    known = {name for name, _ in declared(source, rule)} | {"input", "data"}
    known |= set(source.imports) | {other.name[0] for other in source.rules if other.name}
    for used in uses(plain, closed=False):
        if isinstance(used, Call):
            if used.name == "walk":
                return True
        elif any(name not in known for index in used.indexes for name, _ in variables(index)):
            return True
    return False


def _shape_of_head(rule: Rule) -> Found:
    last = len(rule.parts) - 1
    if rule.kind == "set" and None in rule.parts:
        message = "got a map of sets built part by part, which is undefined without a part, where OPA has {}"
        yield rule.line, "map_of_sets", message, "build it whole: p := {k: s | some k in keys; s := {v | …}}"
    elif None in rule.parts[:last]:
        message = "got a variable before the end of a head: parts of what it builds are lost"
        yield rule.line, "map_of_sets", message, "build it whole: p := {k: v | …}"
    if any(not body.otherwise for body in rule.bodies[1:]):
        message = "got two bodies behind one head, expected one"
        yield rule.line, "body", message, "write the head again for the second body"


def _node(source: Source, kind: str, content: Any) -> Found:
    if kind == "NotExpr":
        yield from _not(source, content)
    elif kind == "Membership" and content["key"] is not None:
        message = "got `key, value in …`, which is undefined on sets, where OPA answers"
        yield line(content), "key_in", message, "use `collection[key] == value`"
    elif kind == "BoolExpr":
        yield from _comparison(content)
    elif kind == "ArithExpr":
        yield from _arithmetic(content)
    elif kind == "Number" and isinstance(content["value"], int) and abs(content["value"]) > MAX_INTEGER:
        yield line(content), "number", f"got {content['value']}, expected a number within 2^53", ""


def _not(source: Source, content: Any) -> Found:
    kind = only(content["expr"])[0]
    braces = source.word(content["span"]).removeprefix("not").lstrip().startswith("{")
    if braces or kind == "ArrayCompr":
        message = "got `not` before { }, which the engine reads as a set or an object and OPA as a body"
        yield line(content), "not_body", message, "put the body into a rule of its own, and negate that"
    elif kind == "AssignExpr":
        message = "got an assignment after `not`, which OPA refuses"
        yield line(content), "not_assign", message, "compare with =="
    elif any(of == "Var" and one["value"] == "_" for of, one in nodes(content["expr"], closed=False)):
        message = "got `_` after `not`, which OPA refuses: it has no value there"
        yield line(content), "not_each", message, "put it into a rule of its own, and negate that"


def _comparison(content: Any) -> Found:
    (left, _), (right, _) = only(content["lhs"]), only(content["rhs"])
    kinds = KINDS.get(left), KINDS.get(right)
    if None not in kinds and kinds[0] != kinds[1]:
        message = f"got {kinds[0]} compared with {kinds[1]}, which OPA refuses, expected two of one kind"
        yield line(content), "type", message, ""
    elif content["op"] not in ("Eq", "Ne") and any(kind and kind not in _ORDERED for kind in kinds):
        message = "got an order of sets or objects, which is another in OPA, expected numbers or texts"
        yield line(content), "order", message, "compare what counts in them"


def _arithmetic(content: Any) -> Found:
    for side in (content["lhs"], content["rhs"]):
        kind, inner = only(side)
        if kind in KINDS and kind not in ("Number", "Set", "SetCompr"):
            yield line(content), "type", f"got {KINDS[kind]} in arithmetic, which OPA refuses, expected numbers", ""
        elif kind == "Number" and isinstance(inner["value"], float):
            message = f"got the fraction {inner['value']} in arithmetic, expected whole numbers: OPA's are exact"
            yield line(content), "number", message, "multiply both sides"


def _walks(rule: Rule) -> Found:
    """``walk`` but as a statement ``walk(x, [path, value])``."""
    good = 0
    for kind, content in nodes(rule.all):
        if kind == "Expr" and _is_walk(content["expr"]):
            good += 1
    walks = [used for used in uses(rule.all) if isinstance(used, Call) and used.name == "walk"]
    if len(walks) > good:
        message = "got walk as a value, which is never anything, where OPA answers"
        yield walks[0].line, "walk", message, "write it as a statement: walk(x, [path, value])"
    fixed = {name for arg in rule.args for name, _ in variables(arg)} | {"input", "data"}
    for kind, content in nodes(rule.all) if walks else ():
        keys = {name for used in _references(content) for index in used.indexes for name, _ in variables(index)}
        if kind == "NotExpr" and keys - fixed:
            message = "got a look-up by a variable after `not` beside walk: the engine asks before walk gave it a value"
            yield line(content), "walk_not", message, "put the look-up into a function, and negate its call"


def _references(tree: Node) -> Iterator[Reference]:
    return (used for used in uses(tree) if isinstance(used, Reference))


def _is_walk(node: Node) -> bool:
    kind, content = only(node)
    if kind != "Call" or len(content["params"]) != _WALK:
        return False
    name = refer(content["fcn"])
    pattern, inner = only(content["params"][1])
    pair = pattern == "Array" and [only(item)[0] for item in inner["items"]] == ["Var", "Var"]
    return pair and name is not None and (name.root, name.path) == ("walk", ())


def _patterns(call: Call) -> Found:
    """Patterns of regex.* and glob.match that are written out."""
    place = 1 if call.name == "regex.replace" else 0
    pattern = text_of(call.params[place]) if len(call.params) > place else None
    if pattern is None:
        return
    if call.name.startswith("regex.") and (odd := [one["of"] for one in _CLASSES.finditer(pattern) if one["of"]]):
        message = f"got \\{odd[0]} in a pattern, which may mean all of Unicode, expected the characters meant"
        yield call.line, "regex", message, "write [0-9], [0-9A-Za-z_] or [ \\t]"
    elif call.name == "glob.match" and (_EMPTY.search(pattern) or "[!" in pattern):
        message = "got an empty alternative or [!…] in a pattern, where the engines differ"
        yield call.line, "glob", message, "write two patterns"
