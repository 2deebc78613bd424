"""Detectors of a site's own, as its bundle has them: strict, tried on their examples, each name once."""

from pathlib import Path

import pytest

from jumphost.errors import Code, Problem, Problems
from jumphost.masking.custom import Custom, decode
from jumphost.policy import bundle, detectors
from jumphost.policy.check import check
from jumphost.testing.policies import write_bundle

STAFF = """\
staff_number:
  summary: numbers of our staff
  pattern: 'EMP-[0-9]{6}\\b'
  length: 10
  trigger: EMP-
  validator: luhn
  strategy: partial
  separators: "-"
  examples: ["badge EMP-100008."]
  near_misses: [EMP-100009, EMP-1000081]
"""


def read(text: str) -> tuple[dict[str, Custom], list[tuple[int, str, str, str]]]:
    problems: list[Problem] = []
    found = detectors.read(text.encode(), "d.yaml", problems)
    return found, [(one.line, one.code, one.key, one.message) for one in problems]


def test_one_is_read() -> None:
    found, problems = read(STAFF)
    assert problems == []
    expected = Custom("staff_number", r"EMP-[0-9]{6}\b", 10, "EMP-", "luhn", "partial", "-")
    assert found == {"staff_number": expected}


def test_nothing_is_nothing() -> None:
    assert read("") == ({}, [])
    assert read("# none yet\n") == ({}, [])
    assert [code for _, code, _, _ in read("x: [")[1]] == ["syntax.yaml"]
    assert [message for *_, message in read("- x")[1]] == ["got a list, expected a mapping"]


@pytest.mark.parametrize(
    ("before", "after", "line", "code", "message"),
    [
        ("staff_number:", "Staff:", 1, "detector.name", "2 to 64 of a-z 0-9 _"),
        ("staff_number:", "credit_card:", 1, "detector.name", "expected one that is not of ours"),
        ("staff_number:", "held:", 1, "detector.name", "expected one that is not of ours"),
        ("  summary: numbers of our staff\n", "", 1, "detector.value", "got none, expected what the values are"),
        ("{6}\\b", "{6,}", 3, "detector.pattern", "got {6,}, expected how often at most"),
        ("{6}\\b", "(?=x)", 3, "detector.pattern", "expected the syntax of RE2"),
        ("  pattern: 'EMP-[0-9]{6}\\b'\n", "", 1, "detector.pattern", "expected 1 to 1024 bytes"),
        ("length: 10", "length: 257", 4, "detector.value", "1 to 256"),
        ("length: 10", "length: true", 4, "detector.value", "1 to 256"),
        ("  length: 10\n", "", 1, "detector.value", "expected how many bytes a value has at most"),
        ("trigger: EMP-", "trigger: é", 5, "detector.value", "expected 1 to 40 bytes of ASCII"),
        ("trigger: EMP-", "trigger: EMPL", 9, "detector.example", "got no value found in it, expected one"),
        ("validator: luhn", "validator: verhoeff", 6, "detector.value", "expected one of card, luhn, mod97, ssn"),
        ("strategy: partial", "strategy: hash", 7, "detector.value", "expected one of redact"),
        ('separators: "-"', "separators: x", 8, "detector.value", "expected at most 8 signs"),
        ("EMP-100008.", "EMP-100009.", 9, "detector.example", "got no value found in it, expected one"),
        ('["badge EMP-100008."]', "[]", 1, "detector.value", "expected texts by which the detector is tried"),
        ("  near_misses: [EMP-100009, EMP-1000081]\n", "", 1, "detector.value", "expected texts by which"),
        ("[EMP-100009,", "[EMP-100008,", 10, "detector.near_miss", "got 'EMP-100008' found, expected nothing"),
        ("  strategy", "  stratgey", 7, "detector.value", "got an unknown key, expected one of summary"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, line: int, code: str, message: str) -> None:
    assert before in STAFF
    found, problems = read(STAFF.replace(before, after))
    assert found == {}
    assert [(where, what) for where, what, _, _ in problems] == [(line, code)]
    assert message in problems[0][3]


def test_all_problems_come_at_once() -> None:
    two = STAFF + STAFF.replace("staff_number", "other_number").replace("100008.", "1.").replace("luhn", "sum")
    found, problems = read(two.replace("length: 10", "length: 0", 1))
    assert found == {}
    assert [(line, code) for line, code, _, _ in problems] == [(4, "detector.value"), (16, "detector.value")]


def test_a_bundle_has_them_and_its_revision_tells_them(tmp_path: Path) -> None:
    files = {"detectors/a.yaml": STAFF, "detectors/deep/b.yml": STAFF.replace("staff", "desk"), "detectors/README": "["}
    found = bundle.load(write_bundle(tmp_path / "a", files))
    assert [one.name for one in decode(found.detectors)] == ["staff_number", "desk_number"]
    assert {*detectors.load(tmp_path / "a")} == {"staff_number", "desk_number"}
    without = bundle.load(write_bundle(tmp_path / "b", {}))
    assert without.detectors == b""
    other = bundle.load(write_bundle(tmp_path / "c", {**files, "detectors/a.yaml": STAFF.replace("luhn", "card")[:0]}))
    assert len({found.revision, without.revision, other.revision}) == 3
    assert detectors.load(tmp_path / "b") == {}


def test_a_bundle_with_a_wrong_one_is_not_taken(tmp_path: Path) -> None:
    files = {"detectors/a.yaml": STAFF, "detectors/b.yaml": STAFF, "detectors/c.yaml": STAFF.replace("10", "0")}
    write_bundle(tmp_path, files)
    for load in (bundle.load, detectors.load):
        with pytest.raises(Problems) as caught:
            load(tmp_path)
        assert caught.value.code == Code.POLICY_INVALID
        assert [(Path(one.file).name, one.code) for one in caught.value.problems][:2] == [
            ("b.yaml", "detector.name"),
            ("c.yaml", "detector.value"),
        ]


def test_there_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "MOST_DETECTORS", 1)
    into: dict[str, Custom] = {}
    problems: list[Problem] = []
    found, _ = read(STAFF + STAFF.replace("staff", "desk"))
    detectors.merge(into, found, "d.yaml", problems)
    assert [*into] == ["staff_number"]
    assert [one.code for one in problems] == ["detector.name"]


async def test_a_policy_check_finds_what_is_wrong(tmp_path: Path) -> None:
    broken = STAFF.replace("EMP-100008.", "none")
    write_bundle(tmp_path / "site", {"detectors/a.yaml": broken})
    for path in (tmp_path / "site", tmp_path / "site/detectors", tmp_path / "site/detectors/a.yaml"):
        [problem] = await check([path])
        assert (Path(problem.file).name, problem.line, problem.code) == ("a.yaml", 9, "detector.example")
    (tmp_path / "site/detectors/a.yaml").write_text(STAFF)
    assert await check([tmp_path / "site/detectors"]) == []
    assert await check([tmp_path / "site"]) == []
