from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from jumphost.errors import Code, Problems, Refused
from jumphost.model.approval import Term
from jumphost.model.decision import Judgement, Obligations, Rule, Verdict
from jumphost.policy import tables
from jumphost.policy.base import Submission
from jumphost.policy.tables import Case, Expect, Outcome, Row
from jumphost.testing.policies import submission, write_bundle

TABLE = "tests/decisions/t.yaml"


class Scripted:
    """An engine that holds whatever it is asked."""

    revision = "0"

    async def judge(self, asked: Submission) -> Judgement:
        rules = (Rule("b", "hold", ""), Rule("a", "allow", ""), Rule("b", "hold", ""))
        owed = Obligations(approval=(Term(("dba",), 1, 60),), record="io")
        return Judgement(Verdict("hold", rules, owed), "b", "")

    async def close(self) -> None:
        """Has nothing to end."""


def case(**expect: object) -> Case:
    row = Row("n", "i", "t", "uptime", msgspec.convert({"effect": "hold", **expect}, Expect))
    return Case("f", 1, row)


def submit(row: Row) -> Submission:
    return submission(row.run.encode())


async def outcomes(cases: Sequence[Case]) -> list[Outcome]:
    return [outcome async for outcome in tables.run(cases, Scripted(), submit)]


@pytest.mark.parametrize(
    ("expect", "differences"),
    [
        ({}, ()),
        ({"rules": ["b", "a"]}, ()),
        ({"obligations": {"record": "io"}}, ()),
        ({"obligations": {"approval": [{"groups": ["dba"], "count": 1, "ttl_s": 60}]}}, ()),
        ({"effect": "allow"}, ("effect: got hold (b), expected allow",)),
        ({"rules": ["a"]}, ("rules: got ['a', 'b'], expected ['a']",)),
        ({"rules": []}, ("rules: got ['a', 'b'], expected []",)),
        ({"obligations": {"record": "output"}}, ("obligations.record: got 'io', expected 'output'",)),
        ({"obligations": {"recrod": "io"}}, ("obligations.recrod: got None, expected 'io'",)),
        ({"obligations": {"limits": {"timeout_s": 5}}}, ("obligations.limits.timeout_s: got None, expected 5",)),
        (
            {"effect": "deny", "rules": []},
            ("effect: got hold (b), expected deny", "rules: got ['a', 'b'], expected []"),
        ),
    ],
)
async def test_what_differs_is_said(expect: dict[str, object], differences: tuple[str, ...]) -> None:
    assert (await outcomes([case(**expect)]))[0].differences == differences


async def test_what_the_gateway_would_refuse_is_a_denial() -> None:
    def refuse(row: Row) -> Submission:
        raise Refused(Code.TARGET_UNAVAILABLE, "no")

    results = [outcome async for outcome in tables.run([case(effect="deny", rules=[])], Scripted(), refuse)]
    assert [(one.effect, one.code, one.differences) for one in results] == [("deny", Code.TARGET_UNAVAILABLE, ())]


def test_cases_come_with_file_and_line_in_order(tmp_path: Path) -> None:
    text = "# first\n- {name: a, identity: i, target: t, run: uptime, expect: {effect: deny}}\n"
    text += "- name: b\n  identity: i\n  target: t\n  login: l\n  run: 'x'\n  stdin: ''\n  now: 2026-01-01T00:00:00Z\n"
    text += "  expect: {effect: hold, rules: [x], obligations: {record: io}}\n"
    write_bundle(tmp_path, {TABLE: text, "tests/decisions/a.yml": "", "tests/decisions/b.txt": "x: ["})
    cases = tables.load(tmp_path)
    assert [(Path(one.file).name, one.line, one.row.name) for one in cases] == [("t.yaml", 2, "a"), ("t.yaml", 3, "b")]
    assert cases[1].row.expect == Expect("hold", ("x",), {"record": "io"})
    assert cases[1].row.now == "2026-01-01T00:00:00Z"
    assert (cases[0].row.stdin, cases[1].row.stdin) == (None, "")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("name: a", 1, "got a mapping, expected a list of cases"),
        ("- {name: a, identity: i, target: t, run: x}", 1, "got no 'expect', expected a mapping"),
        (
            "-\n  name: a\n  identity: i\n  target: t\n  run: x\n  expct: {}\n",
            6,
            "got an unknown key, expected 'expect'?",
        ),
        (
            "- {name: a, identity: i, target: t, run: x, expect: {effect: permit}}",
            1,
            "got 'permit', expected one of allow, deny, hold",
        ),
        ("- [", 2, "not YAML"),
        (
            "- &a {name: a, identity: i, target: t, run: x, expect: {effect: deny}}",
            1,
            "got the anchor &a, expected none",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_a_finding(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(Problems) as caught:
        tables.load(write_bundle(tmp_path, {TABLE: text}))
    assert any(one.line == line and message in one.message for one in caught.value.problems), caught.value


def test_a_name_twice_in_a_table_is_a_finding(tmp_path: Path) -> None:
    row = "- {name: a, identity: i, target: t, run: x, expect: {effect: deny}}\n"
    assert len(tables.load(write_bundle(tmp_path / "two", {TABLE: row, "tests/decisions/u.yaml": row}))) == 2
    with pytest.raises(Problems, match="got 'a' again, expected another name"):
        tables.load(write_bundle(tmp_path / "one", {TABLE: row + row}))


def test_a_link_is_no_table(tmp_path: Path) -> None:
    write_bundle(tmp_path, {"tests/decisions/x": ""})
    (tmp_path / TABLE).symlink_to("/etc/passwd")
    with pytest.raises(Problems, match="symbolic"):
        tables.load(tmp_path)
