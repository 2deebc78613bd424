"""Where a bundle's rules stand, and which of those that could have allowed came nearest to it.

For people who write policies: it is asked after a judgement, of the same document, and changes nothing of it. The
embedded engine tells which lines an evaluation came to; a rule stops at the last condition that was tried.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from jumphost.policy.conventions import ids
from jumphost.policy.header import DEPTH, RULES
from jumphost.policy.interpreter import Interpreter
from jumphost.policy.syntax import Rule, Source, sources

MOST = 3  # rules that are told


class Near(Struct, frozen=True):
    """A rule that did not match: ``held`` of its ``of`` conditions did; ``condition`` on line ``stopped`` did not."""

    id: str
    file: str
    line: int
    held: int
    of: int
    stopped: int
    condition: str


def places(interpreter: Interpreter) -> dict[str, tuple[str, int]]:
    """Rule id → file and line of the rule that gives it, where it is written out."""
    return {
        given: (source.path, rule.line)
        for source in sources(interpreter.trees())
        for rule in source.rules
        for given, _ in ids(source, rule)
    }


def nearest(interpreter: Interpreter, document: bytes) -> tuple[Near, ...]:
    """At most MOST rules of which a condition held that would have allowed, the nearest first.

    Raises RuntimeError where an evaluation does.
    """
    reached = interpreter.reached(document)
    found = [
        near
        for source in sources(interpreter.trees())
        if source.package[:2] == RULES and len(source.package) == DEPTH
        for near in _stopped(source, reached.get(source.path, frozenset()))
    ]
    return tuple(sorted(found, key=lambda near: (-near.held / near.of, near.of, near.id))[:MOST])


def _stopped(source: Source, reached: frozenset[int]) -> Iterator[Near]:
    for rule in source.rules:
        if rule.kind != "set" or rule.name != ("allow",):
            continue
        given = next((given for given, _ in ids(source, rule)), "")
        conditions = _conditions(source, rule)
        tried = [number for number, (lines, _) in enumerate(conditions) if not reached.isdisjoint(lines)]
        if 1 < len(tried) < len(conditions):
            lines, text = conditions[tried[-1]]
            yield Near(given, source.path, rule.line, len(tried) - 1, len(conditions), lines[0], text)


def _conditions(source: Source, rule: Rule) -> Sequence[tuple[range, str]]:
    """The lines and the text of each condition of a rule with one body."""
    found = []
    for statement in rule.bodies[0].query["stmts"] if rule.bodies else ():
        text = source.word(statement["span"])
        first = statement["span"]["line"]
        found.append((range(first, first + text.count("\n") + 1), " ".join(text.split())))
    return found
