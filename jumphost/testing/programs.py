"""Random small policies in and around the portable profile, and documents for them: to compare engines by."""

import random
from collections.abc import Sequence
from typing import Any

PACKAGE = "policies.lib.random"
_HEAD = f"package {PACKAGE}\n\nimport rego.v1\nimport future.keywords.not\n\n"
_NAMES = ("a", "b", "c", "x")
_DATA = {"m": {"a": "b", "b": 1, "x": {"a": 2}}, "s": ["a", "c"], "n": 3}


def data() -> dict[str, Any]:
    """Base data that the programs look into, with gaps."""
    return {"policies": {"data": _DATA}}


def document(dice: random.Random) -> dict[str, Any]:
    """The parts of a request document that the programs look at, each there and of its type."""
    names = dice.choices(_NAMES, k=dice.randint(0, 3))
    return {
        "operation": dice.choice(("exec", "shell")),
        "pty": dice.random() < 0.5,
        "purpose": dice.choice(("", "a", "b/c", "A b")),
        "env": {name: dice.choice(("", "a", "b", "x1")) for name in dice.sample(_NAMES, dice.randint(0, 3))},
        "identity": {"name": dice.choice(_NAMES), "groups": names, "claims": {dice.choice(_NAMES): "a"}},
        "command": {"bytes": dice.randint(0, 4)},
    }


class Program:
    """Writes one module; what is in scope is kept so that most of them compile."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._rules: list[str] = []
        self._functions: list[str] = []
        self._fresh = 0
        self.text = _HEAD + "\n\n".join(self._rule(number) for number in range(dice.randint(2, 5))) + "\n"

    def _rule(self, number: int) -> str:
        name, make = f"r{number}", self._dice.choice((self._set, self._value, self._map, self._function, self._flag))
        text = make(name)
        (self._functions if make == self._function else self._rules).append(name)
        return text

    def _set(self, name: str) -> str:
        body, scope = self._body([])
        return f"{name} contains {self._head(scope)} if {body}"

    def _map(self, name: str) -> str:
        body, scope = self._body([])
        key = self._dice.choice([*scope, '"k"']) if scope else '"k"'
        return f"{name}[{key}] := {self._head(scope)} if {body}"

    def _value(self, name: str) -> str:
        body, scope = self._body([])
        text = f"{name} := {self._head(scope)} if {body}"
        if self._dice.random() < 0.4:
            text += f" else := {self._head([])}"
        return f"default {name} := 0\n\n{text}" if self._dice.random() < 0.4 else text

    def _flag(self, name: str) -> str:
        body, _ = self._body([])
        return f"{name} if {body}"

    def _function(self, name: str) -> str:
        body, scope = self._body(["arg"])
        text = f"{name}(arg) := {self._head(scope)} if {body}"
        return f"{text} else := {self._head(['arg'])}" if self._dice.random() < 0.3 else text

    def _body(self, scope: list[str], depth: int = 0) -> tuple[str, list[str]]:
        scope = list(scope)
        statements = [self._statement(scope, depth) for _ in range(self._dice.randint(1, 3))]
        return "{\n\t" + "\n\t".join(statements) + "\n}", scope

    def _statement(self, scope: list[str], depth: int) -> str:
        kinds = (self._some, self._assign, self._compare, self._negate, self._member, self._look_up, self._every)
        make = self._dice.choices(kinds, (4, 3, 3, 2, 2, 1, 1 if depth < 1 else 0))[0]
        return make(scope, depth)

    def _some(self, scope: list[str], depth: int) -> str:
        where, first, second = self._collection(scope), self._name(), self._name()
        form = self._dice.randrange(4)
        if form == 0:
            scope += [first, second]
            return f"some {first}, {second} in {where}"
        if form == 1:
            scope += [first, second]
            return f"some {first}\n\t{second} := {where}[{first}]"
        if form == 2:
            scope.append(second)
            return f"walk({where}, [{self._dice.choice(('_', first))}, {second}])"
        scope.append(first)
        return f"some {first} in {where}"

    def _assign(self, scope: list[str], depth: int) -> str:
        term, name = self._term(scope, depth), self._name()
        scope.append(name)
        return f"{name} := {term}"

    def _compare(self, scope: list[str], depth: int) -> str:
        if self._dice.random() < 0.2:  # of numbers: no check can see which variables hold sets and objects
            return f"{self._term(scope, depth)} {self._dice.choice(('<', '>='))} {self._dice.randint(0, 3)}"
        return f"{self._term(scope, depth)} {self._dice.choice(('==', '!=', '=='))} {self._term(scope, depth)}"

    def _negate(self, scope: list[str], depth: int) -> str:
        make = self._dice.choice((self._compare, self._member, self._look_up))
        return f"not {make(scope, depth)}"

    def _member(self, scope: list[str], depth: int) -> str:
        key = f"{self._simple(scope)}, " if self._dice.random() < 0.1 else ""
        return f"{key}{self._simple(scope)} in {self._collection(scope)}"

    def _look_up(self, scope: list[str], depth: int) -> str:
        return f"{self._collection(scope)}[{self._dice.choice([*scope, '_'])}]"

    def _every(self, scope: list[str], depth: int) -> str:
        name, where = self._name(), self._collection(scope)
        body, _ = self._body([*scope, name], depth + 1)
        return f"every {name} in {where} {body if name in body[1:] else body[:-1] + f'{name} != 9' + chr(10) + '}'}"

    def _head(self, scope: Sequence[str]) -> str:
        if scope and self._dice.random() < 0.7:
            return self._dice.choice(list(scope))
        return self._dice.choice(("1", '"a"', "true", self._term(list(scope), 1)))

    def _term(self, scope: list[str], depth: int) -> str:
        if depth < 2 and self._dice.random() < 0.15:
            return self._comprehension(scope, depth)
        if self._functions and self._dice.random() < 0.2:
            return f"{self._dice.choice(self._functions)}({self._simple(scope)})"
        if self._dice.random() < 0.15:
            return f"{self._dice.choice(('is_string', 'type_name', 'is_object'))}({self._simple(scope)})"
        if self._dice.random() < 0.1:
            return f"{self._dice.choice(('count', 'sort', 'max'))}(input.identity.groups)"
        return self._simple(scope)

    def _comprehension(self, scope: list[str], depth: int) -> str:
        inner = list(scope)
        body = "; ".join(self._statement(inner, depth + 2).replace("\n\t", "; ") for _ in range(2))
        one = self._dice.choice([*inner, "1"])
        return self._dice.choice((f"{{{one} | {body}}}", f"[{one} | {body}]", f'{{"k": {one} | {body}}}'))

    def _simple(self, scope: list[str]) -> str:
        looked_up = f"data.policies.data.m[{self._dice.choice([*scope, chr(34) + 'a' + chr(34)])}]"
        fixed = ["1", '"a"', '"b"', "input.command.bytes", "input.identity.name", "input.pty", "input.purpose"]
        return self._dice.choice(
            [*scope, *scope, *fixed, *self._rules, looked_up, "input.env.a", "data.policies.data.z"]
        )

    def _collection(self, scope: list[str]) -> str:
        fixed = ["input.env", "input.identity.groups", "data.policies.data.m", "data.policies.data.s", '{"a", "b"}']
        return self._dice.choice([*fixed, *self._rules, *scope[-1:]])

    def _name(self) -> str:
        self._fresh += 1
        return f"w{self._fresh}"  # v1 is what `import rego.v1` is called
