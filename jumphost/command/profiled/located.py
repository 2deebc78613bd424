"""Strict reading of a tree whose values know the line where they stand: a wrong one is told of and reads as nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T", bound=str)


class Located(Protocol):
    """A value and its line; ``config.tree.Node`` is one."""

    @property
    def value(self) -> Any:
        """A scalar, or a mapping or a list of others of this kind."""

    @property
    def line(self) -> int:
        """From 1."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was taken out of a value."""

    value: Any
    line: int


Wrong = Callable[[int, str, str], None]
"""Told of each fault: its line, its key, and what was got and what was expected."""


def show(value: object) -> str:
    """A wrong value as a message repeats it."""
    if isinstance(value, bool):
        return str(value).lower()
    names: dict[type, str] = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return names.get(type(value)) or f"{value!r:.60}"


class Reader:
    """Reads values of the types that a profile is made of; counts what was wrong."""

    def __init__(self, wrong: Wrong) -> None:
        self._tell = wrong
        self.faults = 0

    def wrong(self, node: Located, key: str, message: str) -> None:
        """Tells of a fault."""
        self.faults += 1
        self._tell(node.line, key, message)

    def mapping(self, node: Located, key: str) -> Mapping[str, Located]:
        """A mapping of any keys."""
        if isinstance(node.value, dict):
            return node.value
        self.wrong(node, key, f"got {show(node.value)}, expected a mapping")
        return {}

    def known(self, node: Located, key: str, names: Sequence[str]) -> Mapping[str, Located]:
        """A mapping of these keys alone."""
        given = self.mapping(node, key)
        for name in given.keys() - set(names):
            self.wrong(given[name], f"{key}.{name}", f"got an unknown key, expected one of {', '.join(names)}")
        return {name: node for name, node in given.items() if name in names}

    def items(self, node: Located | None, key: str) -> Sequence[Located]:
        """The items of a list that may be missing."""
        if node is None:
            return []
        if isinstance(node.value, list):
            return node.value
        self.wrong(node, key, f"got {show(node.value)}, expected a list")
        return []

    def text(self, node: Located | None, key: str) -> str:
        """A text that may be missing."""
        if node is None:
            return ""
        if isinstance(node.value, str):
            return node.value
        self.wrong(node, key, f"got {show(node.value)}, expected text: put it in quotes")
        return ""

    def texts(self, node: Located | None, key: str) -> tuple[str, ...]:
        """A list of texts that may be missing."""
        return tuple(self.text(item, f"{key}[{number}]") for number, item in enumerate(self.items(node, key)))

    def choices(self, node: Located | None, key: str, among: Collection[str]) -> tuple[str, ...]:
        """A list, which may be missing, of texts that are among those given."""
        return tuple(self.choice(item, f"{key}[{n}]", sorted(among)) for n, item in enumerate(self.items(node, key)))

    def choice(self, node: Located | None, key: str, among: Sequence[T]) -> T | str:
        """One of the texts given; "" if it is missing."""
        text = self.text(node, key)
        if node is not None and text not in among:
            self.wrong(node, key, f"got {text!r}, expected one of {', '.join(among)}")
        return text

    def true(self, node: Located | None, key: str) -> bool:
        """True or false; a missing one is false."""
        if node is not None and not isinstance(node.value, bool):
            self.wrong(node, key, f"got {show(node.value)}, expected true or false")
        return node is not None and node.value is True
