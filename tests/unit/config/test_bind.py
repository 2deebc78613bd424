"""Every problem of a tree is found in one run, at its line, with what was got and what was expected."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from jumphost.config.bind import bind
from jumphost.config.settings import Duration
from jumphost.config.tree import Findings, parse


class Inner(Struct, frozen=True):
    word: str
    number: Annotated[int, Meta(ge=1, le=9)] = 1


class Outer(Struct, frozen=True):
    inner: Inner
    color: Literal["red", "green"] = "red"
    wait: Duration = 60
    flag: bool = False
    names: tuple[Annotated[str, Meta(pattern=r"\A[a-z]+\Z")], ...] = ()
    more: dict[str, Inner] = {}
    scope: tuple[str, ...] | None = None
    at_least: Annotated[int, Meta(ge=2)] = 2


def read(text: str, **options: object) -> tuple[Outer | None, list[str]]:
    found = Findings("f")
    node = parse(text.encode(), found)
    assert node is not None
    made = bind(node, Outer, found, **options)  # type: ignore[arg-type]
    return made, [str(problem) for problem in found.problems]


def test_a_whole_tree() -> None:
    made, problems = read(
        "inner: {word: '1', number: 9}\ncolor: green\nwait: 15m\nflag: true\n"
        "names: [a, b]\nmore: {x: {word: y}}\nscope: []\n"
    )
    assert problems == []
    assert made == Outer(
        inner=Inner("1", 9), color="green", wait=900, flag=True, names=("a", "b"), more={"x": Inner("y")}, scope=()
    )


def test_what_is_not_written_has_its_default() -> None:
    assert read("inner: {word: x}\n") == (Outer(inner=Inner("x")), [])


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("2h", 7200), ("7d", 604_800)])
def test_durations(text: str, seconds: int) -> None:
    made, _ = read(f"inner: {{word: x}}\nwait: {text}\n")
    assert made is not None
    assert made.wait == seconds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("wait: 15", None),
        ("wait: 15x", "f:2: wait: got '15x', expected a duration such as 90s, 15m, 2h or 7d"),
        ("wait: 0s", "f:2: wait: got '0s', expected a duration such as 90s, 15m, 2h or 7d"),
        ("wait: 1.5", "f:2: wait: got 1.5, expected a duration such as 90s, 15m, 2h or 7d"),
        ("color: blue", "f:2: color: got 'blue', expected one of green, red"),
        ("color: [red]", "f:2: color: got a list, expected one of green, red"),
        ("colour: red", "f:2: colour: got an unknown key, expected 'color'?"),
        ("flag: no", "f:2: flag: got 'no', expected true or false"),
        ("flag: 1", "f:2: flag: got 1, expected true or false"),
        ("names: a", "f:2: names: got 'a', expected a list, each text that matches \\A[a-z]+\\Z"),
        ("names: [a, B]", "f:2: names[1]: got 'B', expected text that matches \\A[a-z]+\\Z"),
        ("names:\n- a\n- 1", "f:4: names[1]: got 1, expected text that matches \\A[a-z]+\\Z"),
        ("more: []", "f:2: more: got a list, expected a mapping"),
        ("more:\n  x: 1", "f:3: more.x: got 1, expected a mapping"),
        ("more:\n  x: {}", "f:3: more.x: got no 'word', expected text"),
        ("more: {x: {word: 1}}", "f:2: more.x.word: got 1, expected text"),
        ("more: {x: {word: a, number: 10}}", "f:2: more.x.number: got 10, expected an integer from 1 up to 9"),
        ("more: {x: {word: a, number: true}}", "f:2: more.x.number: got true, expected an integer from 1 up to 9"),
        ("at_least: 1", "f:2: at_least: got 1, expected an integer from 2"),
        ("scope:", "f:2: scope: got nothing, expected a list, each text"),
    ],
)
def test_one_wrong_value(text: str, problem: str | None) -> None:
    made, problems = read("inner: {word: x}\n" + text)
    assert problems == ([problem] if problem else [])
    assert (made is None) == (problem is not None)


def test_an_unknown_key_that_is_like_none_is_told_all() -> None:
    assert read("inner: {word: x, zzz: 1}\n")[1] == ["f:1: inner.zzz: got an unknown key, expected one of word, number"]


def test_a_missing_key_is_told_at_the_line_of_what_lacks_it() -> None:
    assert read("color: red\n")[1] == ["f:1: got no 'inner', expected a mapping"]


def test_no_mapping_at_all() -> None:
    assert read("[1]")[1] == ["f:1: got a list, expected a mapping"]


def test_all_problems_in_one_run() -> None:
    made, problems = read("inner: {}\ncolor: x\nwait: y\nmore: {a: 1, b: {word: 2}}\nnames: [1, 2]\n")
    assert made is None
    assert len(problems) == 7


def test_checks_go_by_path_and_only_where_the_type_is_right() -> None:
    def odd(value: object) -> Iterator[str]:
        yield f"got {value}, expected odd"

    checks = {"names.*": odd, "more.*.number": odd, "color": odd}
    _, problems = read("inner: {word: x}\nnames: [a]\nmore: {q: {word: w, number: 2}}\ncolor: blue\n", checks=checks)
    assert problems == [
        "f:2: names[0]: got a, expected odd",
        "f:3: more.q.number: got 2, expected odd",
        "f:4: color: got 'blue', expected one of green, red",
    ]


def test_given_fields_do_not_come_from_the_file() -> None:
    made, problems = read("flag: true\n", given={"inner": Inner("x")}, key="entry")
    assert made == Outer(inner=Inner("x"), flag=True)
    assert problems == []
    assert read("inner: {word: y}\n", given={"inner": Inner("x")}, key="entry")[1][0].startswith(
        "f:1: entry.inner: got an"
    )


def test_a_field_may_be_anything() -> None:
    class Loose(Struct):
        what: Any

    found = Findings("f")
    for text, what in (("what: {a: [1]}", {"a": [1]}), ("what:", None)):
        node = parse(text.encode(), found)
        assert node is not None
        assert bind(node, Loose, found) == Loose(what)
    empty = parse(b"{}", found)
    assert empty is not None
    assert bind(empty, Loose, found) is None
    assert [str(problem) for problem in found.problems] == ["f:1: got no 'what', expected a value"]


def test_a_field_that_must_be_written_may_not_be_null() -> None:
    class Must(Struct):
        number: int | None

    found = Findings("f")
    for text in ("{}", "number:"):
        node = parse(text.encode(), found)
        assert node is not None
        assert bind(node, Must, found) is None
    assert [str(problem) for problem in found.problems] == [
        "f:1: got no 'number', expected an integer",
        "f:1: number: got nothing, expected an integer",
    ]


@pytest.mark.parametrize(("text", "says"), [("ratio: 1.5", "no way to read"), ("{}", "no name for")])
def test_a_field_of_a_kind_that_files_do_not_have_is_a_fault_of_ours(text: str, says: str) -> None:
    class Odd(Struct):
        ratio: float

    node = parse(text.encode(), Findings("f"))
    assert node is not None
    with pytest.raises(TypeError, match=says):
        bind(node, Odd, Findings("f"))


class Circle(Struct, frozen=True, tag_field="kind", tag="circle"):
    radius: int


class Square(Struct, frozen=True, tag_field="kind", tag="square"):
    side: Duration = 1


class Drawing(Struct, frozen=True):
    shapes: dict[str, Circle | Square]


def drawn(text: str) -> tuple[Drawing | None, list[str]]:
    found = Findings("f")
    node = parse(text.encode(), found)
    assert node is not None
    return bind(node, Drawing, found), [str(problem) for problem in found.problems]


def test_a_struct_is_told_by_its_tag() -> None:
    made, problems = drawn("shapes:\n  a: {kind: square, side: 2m}\n  b: {radius: 3, kind: circle}\n")
    assert (made, problems) == (Drawing({"a": Square(120), "b": Circle(3)}), [])


def test_a_wrong_tag_is_told_and_so_is_what_the_right_one_lacks() -> None:
    made, problems = drawn(
        "shapes:\n  a: {kind: circl}\n  b: {side: 1}\n  c:\n  d: {kind: circle, side: 1}\n  e: {kind: {}}\n"
    )
    assert made is None
    assert problems == [
        "f:2: shapes.a.kind: got 'circl', expected one of circle, square",
        "f:3: shapes.b: got no 'kind', expected one of circle, square",
        "f:4: shapes.c: got nothing, expected a mapping",
        "f:5: shapes.d.side: got an unknown key, expected one of radius",
        "f:5: shapes.d: got no 'radius', expected an integer",
        "f:6: shapes.e.kind: got a mapping, expected one of circle, square",
    ]
