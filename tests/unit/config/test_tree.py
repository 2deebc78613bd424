"""YAML 1.2 core, located; what JSON cannot say is a finding with its line."""

import pytest

from jumphost.config import tree
from jumphost.config.tree import Findings, Node, parse, show


def read(data: str | bytes) -> tuple[object, list[str]]:
    found = Findings("f.yaml")
    node = parse(data.encode() if isinstance(data, str) else data, found)
    return (node.plain() if node else None), [str(problem) for problem in found.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:00", "22:00"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("2026-11-22", "2026-11-22"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("True", True),
        ("tRue", "tRue"),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("+1", 1),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1.5E-1", -0.15),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  1", "1\n"),
        (">-\n  a\n  b", "a b"),
        ("[1, [a]]", [1, ["a"]]),
        ("{a: 1, b: {c: }}", {"a": 1, "b": {"c": None}}),
        ('{"a":1}', {"a": 1}),
        ("9007199254740992", 2**53),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    got, problems = read(f"k: {text}\n")
    assert got == {"k": value}
    assert type(got["k"]) is type(value)  # type: ignore[index]
    assert problems == []


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: &x 1\n", 2, "got the anchor &x, expected none"),
        ("a: 1\n\nb: *x\n", 3, "got the alias *x, expected the value itself"),
        ("a: 1\na: 2\n", 2, "got the key 'a' again, expected it once (line 1 has it too)"),
        ("a:\n  b: {c: 1, c: 2}\n", 2, "got the key 'c' again, expected it once (line 2 has it too)"),
        ("a: !!int 1\n", 1, "got the tag tag:yaml.org,2002:int, expected none"),
        ("a: ! 1\n", 1, "got the tag !, expected none"),
        ("%YAML 1.1\n---\na: 1\n", 1, "got a directive, expected none: files are read as YAML 1.2"),
        ("a: 1\n---\nb: 1\n", 2, "got a second document, expected one"),
        ("a: 1\n22: 1\n", 2, "got a key that is an integer, expected text: put it in quotes"),
        ("? [a]\n: 1\n", 1, "got a key that is a list, expected text: put it in quotes"),
        ("true: 1\n", 1, "got a key that is true/false, expected text: put it in quotes"),
        ("<<: {a: 1}\n", 1, "got the key <<, expected none: YAML 1.2 has no merge keys"),
        ("a:\n- 9007199254740993\n", 2, "got 9007199254740993, expected an integer within ±2^53: put it in quotes"),
        ("a: 0x" + "f" * 5000, 1, "got 0xffffffffffffffffffffff, expected an integer within ±2^53: put it in quotes"),
        ("a: .inf\n", 1, "got .inf, expected a finite number"),
        ("a: .NaN\n", 1, "got .NaN, expected a finite number"),
        ("a: 1e999\n", 1, "got 1e999, expected a finite number"),
        ('a: "\\0"\n', 1, "got a NUL character, expected none"),
    ],
)
def test_what_json_cannot_say_is_a_finding(text: str, line: int, says: str) -> None:
    assert read(text)[1] == [f"f.yaml:{line}: {says}"]


@pytest.mark.parametrize(
    ("data", "starts"),
    [
        (b"a: 1\n\tb: 1\n", "f.yaml:2: not YAML: "),
        (b"a: 1\nb: [1,\n", "f.yaml:3: not YAML: "),
        (b"a: b: c\n", "f.yaml:1: not YAML: mapping values are not allowed"),
        (b"a: 1\nb: \xff\n", "f.yaml:2: got byte 0xff, expected UTF-8"),
        (b"a: 1\nb: \x07\n", "f.yaml:2: not YAML: control characters are not allowed"),
        (b'a: "\\ud800"\n', "f.yaml:1: not YAML: found invalid Unicode character"),
        ("a: 1\nb: x\u2028c: 1\n".encode(), "f.yaml:2: got the character U+2028, expected it as an escape"),
        (b"a:\n " + b"[" * 40, "f.yaml:2: got more than 32 levels, expected fewer"),
    ],
)
def test_what_cannot_be_read_is_one_finding(data: bytes, starts: str) -> None:
    value, (problem,) = read(data)
    assert value is None
    assert problem.startswith(starts)


def test_aliases_are_never_expanded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    value, problems = read(bomb)
    assert len(problems) == 21 + 40
    assert len(str(value)) < 1000


def test_a_file_has_a_greatest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_BYTES", 3)
    assert read("a: 1") == (None, ["f.yaml: got 4 bytes, expected at most 3"])


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_file_is_null(text: str) -> None:
    assert read(text) == (None, [])


def test_findings_do_not_stop_the_reading() -> None:
    value, problems = read("a: &x 1\na: 2\nb: 1e999\nc: yes\n")
    assert value == {"a": 1, "b": "1e999", "c": "yes"}
    assert [problem.split(":")[1] for problem in problems] == ["1", "2", "3"]


def test_every_value_knows_where_it_stands() -> None:
    text = "a:\n  é: [x, 'y']\nb: {c: 1}\n"
    root = parse(text.encode(), Findings(""))
    assert root is not None
    inner = _child(_child(root, "a"), "é")
    assert (inner.line, inner.column, text[inner.start : inner.end], text[inner.key]) == (2, 2, "[x, 'y']", "é")
    flow = _child(root, "b")
    assert (flow.line, flow.flow, text[flow.start : flow.end]) == (3, True, "{c: 1}")
    assert isinstance(inner.value, list)
    assert [(text[item.start : item.end], item.line) for item in inner.value] == [("x", 2), ("'y'", 2)]


def _child(node: Node, key: str) -> Node:
    assert isinstance(node.value, dict)
    return node.value[key]


@pytest.mark.parametrize(
    ("value", "shown"),
    [("x", "'x'"), (1, "1"), (True, "true"), (None, "nothing"), ({}, "a mapping"), ([], "a list"), (0.5, "0.5")],
)
def test_values_are_shown_as_a_person_knows_them(value: object, shown: str) -> None:
    assert show(value) == shown


def test_a_long_value_is_shown_in_part() -> None:
    assert show("x" * 1000) == "'" + "x" * 59 + "…"
