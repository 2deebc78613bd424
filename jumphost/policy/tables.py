"""Decision tables: what a bundle must answer, in the words of those who own it (``tests/decisions/*.yaml``)."""

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from jumphost.config.bind import bind
from jumphost.config.tree import Findings, kind, parse
from jumphost.errors import Problem, Problems, Refused
from jumphost.model.decision import Effect
from jumphost.policy.base import Engine, Submission
from jumphost.policy.bundle import MAX_DATA, read_regular

FOLDER = Path("tests", "decisions")  # below a bundle


class Expect(Struct, frozen=True, forbid_unknown_fields=True):
    """What must come out: the effect, and where they are given the sorted ids of all rules and some obligations."""

    effect: Effect
    rules: tuple[str, ...] | None = None
    obligations: Any = None


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a table."""

    name: str
    identity: str
    target: str
    run: str
    expect: Expect
    login: str = ""
    stdin: str | None = None
    now: str = ""
    purpose: str = ""


class Case(Struct, frozen=True):
    """A row, and where it stands."""

    file: str
    line: int
    row: Row


class Outcome(Struct, frozen=True):
    """What came of a case; ``differences`` is empty if it is as expected, else lines of ``got …, expected …``."""

    case: Case
    effect: str
    code: str
    rules: tuple[str, ...]
    obligations: dict[str, Any]
    differences: tuple[str, ...]


def load(bundle: Path) -> list[Case]:
    """All cases of a bundle, in the order of files and lines; Problems if a table cannot be read."""
    problems: list[Problem] = []
    cases: list[Case] = []
    for path in sorted((bundle / FOLDER).glob("*.y*ml")):
        names: dict[str, int] = {}
        for case in _read(path, problems):
            if first := names.get(case.row.name):
                message = f"got {case.row.name!r} again, expected another name (line {first} has it)"
                problems.append(Problem(case.file, case.line, "name", message, code="table.name"))
            names[case.row.name] = case.line
            cases.append(case)
    if problems:
        raise Problems(problems)
    return cases


async def run(cases: Sequence[Case], engine: Engine, submit: Callable[[Row], Submission]) -> AsyncIterator[Outcome]:
    """Judges each case; ``submit`` may raise Refused, which is a denial with its code as anywhere else."""
    for case in cases:
        try:
            submission = submit(case.row)
        except Refused as refused:
            yield _compare(case, "deny", str(refused.code), (), {})
            continue
        judgement = await engine.judge(submission)
        rules = tuple(sorted({rule.id for rule in judgement.verdict.rules}))
        obligations = msgspec.json.decode(msgspec.json.encode(judgement.verdict.obligations))
        yield _compare(case, judgement.verdict.effect, judgement.code, rules, obligations)


def _read(path: Path, problems: list[Problem]) -> list[Case]:
    found = Findings(str(path), problems)
    try:
        node = parse(read_regular(path, MAX_DATA), found)
    except (OSError, ValueError) as error:
        found.add(0, "", str(error), code="table.file")
        return []
    if node is None or node.value is None:
        return []
    if not isinstance(node.value, list):
        found.add(node.line, "", f"got {kind(node.value)}, expected a list of cases", code="table.file")
        return []
    cases = []
    for item in node.value:
        row = bind(item, Row, found, key="case")
        if row is not None:
            cases.append(Case(str(path), item.line, row))
    return cases


def _compare(case: Case, effect: str, code: str, rules: tuple[str, ...], obligations: dict[str, Any]) -> Outcome:
    expect = case.row.expect
    differences = []
    if effect != expect.effect:
        differences.append(f"effect: got {effect} ({code}), expected {expect.effect}")
    if expect.rules is not None and rules != tuple(sorted(expect.rules)):
        differences.append(f"rules: got {list(rules)}, expected {sorted(expect.rules)}")
    if expect.obligations is not None:
        differences += _missing(obligations, expect.obligations, "obligations")
    return Outcome(case, effect, code, rules, obligations, tuple(differences))


def _missing(got: Any, expected: Any, where: str) -> list[str]:
    """Where ``got`` does not hold what is expected; keys that nobody expects may be there, items of lists may not."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return [line for key, value in expected.items() for line in _missing(got.get(key), value, f"{where}.{key}")]
    return [] if got == expected else [f"{where}: got {got!r}, expected {expected!r}"]
