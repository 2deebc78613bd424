"""What a review finds in modules of one's own, in this process: for trusted texts only."""

import json
from collections.abc import Mapping

import regorus

from jumphost.errors import Problem
from jumphost.policy.review import review
from jumphost.policy.syntax import Source, sources


def parsed(modules: Mapping[str, str]) -> list[Source]:
    """Modules (path → text) as they are reviewed; RuntimeError if the engine cannot read one."""
    return sources(_trees(modules))


def reviewed(modules: Mapping[str, str], *, whole: bool = True) -> list[Problem]:
    """All findings in modules (path → text)."""
    return review(_trees(modules), tests=frozenset(), whole=whole)


def _trees(modules: Mapping[str, str]) -> list[dict[str, object]]:
    engine = regorus.Engine()
    for path, text in modules.items():
        engine.add_policy(path, text)
    trees: list[dict[str, object]] = json.loads(engine.get_ast_as_json())
    return trees
