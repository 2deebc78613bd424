"""Everything that is found in policies by reading them; for helper processes only, as the text may be hostile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jumphost.errors import Problem
from jumphost.policy import conventions, portable
from jumphost.policy.program import Program
from jumphost.policy.syntax import sources

MOST = 1000  # findings; nobody reads more, and an answer has its limit


def review(trees: Sequence[Mapping[str, Any]], *, tests: frozenset[str], whole: bool) -> list[Problem]:
    """Findings in modules (``Engine.get_ast_as_json``) but the ``tests``, by path; ``whole`` if no other is loaded."""
    return sorted(set(_review(trees, tests, whole=whole)), key=lambda one: (one.file, one.line, one.message))[:MOST]


def _review(trees: Sequence[Mapping[str, Any]], tests: frozenset[str], *, whole: bool) -> Iterator[Problem]:
    modules = sources(tree for tree in trees if tree["source"]["file"] not in tests)
    for module in modules:
        yield from portable.check(module)
        yield from conventions.check(module)
    yield from Program(modules, whole=whole).check()
    yield from conventions.doubled(modules)
