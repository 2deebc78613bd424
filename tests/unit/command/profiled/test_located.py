"""Typed values out of a tree; each wrong one is told with its line and key."""

from collections.abc import Callable
from typing import Any

import pytest

from jumphost.command.profiled.located import Part, Reader


def tree(value: Any, line: int = 1) -> Part:
    """A tree in which each item stands a line below the one before."""
    if isinstance(value, dict):
        return Part({key: tree(item, line + n) for n, (key, item) in enumerate(value.items(), 1)}, line)
    if isinstance(value, list):
        return Part([tree(item, line + n) for n, item in enumerate(value, 1)], line)
    return Part(value, line)


def read(how: Callable[[Reader], Any]) -> tuple[Any, list[tuple[int, str, str]]]:
    told: list[tuple[int, str, str]] = []
    reader = Reader(lambda line, key, message: told.append((line, key, message)))
    made = how(reader)
    assert reader.faults == len(told)
    return made, told


@pytest.mark.parametrize(
    ("how", "made"),
    [
        (lambda r: r.text(tree("a"), "k"), "a"),
        (lambda r: r.text(None, "k"), ""),
        (lambda r: r.texts(tree(["a", "b"]), "k"), ("a", "b")),
        (lambda r: r.texts(None, "k"), ()),
        (lambda r: r.true(tree(value=True), "k"), True),
        (lambda r: r.true(tree(value=False), "k"), False),
        (lambda r: r.true(None, "k"), False),
        (lambda r: r.choice(tree("a"), "k", ("a", "b")), "a"),
        (lambda r: r.choice(None, "k", ("a", "b")), ""),
        (lambda r: r.choices(tree(["b", "a"]), "k", {"a", "b"}), ("b", "a")),
        (lambda r: sorted(r.mapping(tree({"a": 1}), "k")), ["a"]),
        (lambda r: sorted(r.known(tree({"a": 1}), "k", ("a", "b"))), ["a"]),
        (lambda r: len(r.items(tree([1, 2]), "k")), 2),
    ],
)
def test_read(how: Callable[[Reader], Any], made: Any) -> None:
    assert read(how) == (made, [])


@pytest.mark.parametrize(
    ("how", "made", "told"),
    [
        (lambda r: r.text(tree(1, 7), "k"), "", (7, "k", "got 1, expected text: put it in quotes")),
        (
            lambda r: r.texts(tree(["a", None]), "k"),
            ("a", ""),
            (3, "k[1]", "got nothing, expected text: put it in quotes"),
        ),
        (lambda r: r.texts(tree("a"), "k"), (), (1, "k", "got 'a', expected a list")),
        (lambda r: r.text(tree(value=True), "k"), "", (1, "k", "got true, expected text: put it in quotes")),
        (lambda r: r.text(tree({}), "k"), "", (1, "k", "got a mapping, expected text: put it in quotes")),
        (lambda r: r.true(tree("yes"), "k"), False, (1, "k", "got 'yes', expected true or false")),
        (lambda r: r.choice(tree("c"), "k", ("a", "b")), "c", (1, "k", "got 'c', expected one of a, b")),
        (lambda r: r.choices(tree(["c"]), "k", {"b", "a"}), ("c",), (2, "k[0]", "got 'c', expected one of a, b")),
        (lambda r: dict(r.mapping(tree([]), "k")), {}, (1, "k", "got a list, expected a mapping")),
        (
            lambda r: sorted(r.known(tree({"c": 1}), "k", ("a", "b"))),
            [],
            (2, "k.c", "got an unknown key, expected one of a, b"),
        ),
    ],
)
def test_wrong(how: Callable[[Reader], Any], made: Any, told: tuple[int, str, str]) -> None:
    assert read(how) == (made, [told])
