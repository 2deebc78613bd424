"""The reference of the Rego library, made from the METADATA of its modules.

It is the end of ``rego/README.md``; a test fails on a difference. ``python -m jumphost.testing.reference rego`` writes
it anew.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path, PurePath

from msgspec import Struct

from jumphost.config.load import plain
from jumphost.testing.rego import modules_under

HEADING = "## Reference\n"  # what follows it in the page is made

_MARK = "# METADATA\n"
_BLOCK = re.compile(r"^# METADATA\n((?:#.*\n)+)(?:package (\S+)|(\w+))", re.MULTILINE)


class Entry(Struct, frozen=True):
    """One block of METADATA; ``subject`` is the rule that follows it, or the package as it is asked for."""

    subject: str
    title: str
    description: str = ""
    ids: tuple[str, ...] = ()  # of the verdicts that a rule gives


def entries(text: str, path: str) -> list[Entry]:
    """The blocks of a module, in its order; ValueError for one that says no title or stands over nothing."""
    found = [_entry(block, path) for block in _BLOCK.finditer(text)]
    if len(found) != text.count(_MARK):
        raise ValueError(f"{path}: got METADATA over nothing, expected a package or a rule below it")
    return found


def _entry(block: re.Match[str], path: str) -> Entry:
    said = plain(re.sub(r"^# ?", "", block[1], flags=re.MULTILINE).encode(), path)
    subject = f"data.{block[2]}" if block[2] else block[3]
    if not isinstance(said, dict) or not said.get("title"):
        raise ValueError(f"{path}: got METADATA of {subject} without a title, expected one")
    custom = said.get("custom", {})
    return Entry(subject, said["title"], said.get("description", ""), tuple(custom.get("ids", ())))


def reference(modules: Mapping[str, str]) -> str:
    """A section for each package of modules (path → text), tests left out, and in it a table for each module."""
    shipped = [path for path in sorted(modules, key=_place) if not path.endswith("_test.rego")]
    sections = []
    for path in shipped:
        found = entries(modules[path], path)
        if found[0].subject.startswith("data."):
            head = found.pop(0)
            sections.append(f"### {head.subject}\n\n{_text(head.title)}. {_text(head.description)}\n")
        else:
            sections.append(modules[path].partition("\n")[0].removeprefix("# ") + "\n")
        rows = [f"| `{rule.title}` | {_text(rule.description)} |\n" for rule in found]
        sections.append("".join(["| | |\n|---|---|\n", *rows]))
    return "".join(f"\n{section}" for section in sections)


def _place(path: str) -> tuple[str, bool, str]:
    """Modules of a package stand together, the one that is named as it first: it says what the package is."""
    file = PurePath(path)
    return str(file.parent), file.stem != file.parent.name, file.stem


def _text(text: str) -> str:
    """As a sentence of Markdown."""
    return re.sub(r"([|*<])", r"\\\1", text[:1].upper() + text[1:])


def page(directory: Path) -> str:
    """The README of a folder with the reference of the modules below it, whatever it said of them before."""
    head, heading, _ = (directory / "README.md").read_text().partition(HEADING)
    return head + heading + reference(modules_under(directory))


def main(directories: list[str]) -> None:
    """Writes the README of each folder anew."""
    for directory in map(Path, directories):
        (directory / "README.md").write_text(page(directory))


if __name__ == "__main__":
    main(sys.argv[1:])
