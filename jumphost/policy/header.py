"""The head of a Rego file: its package, read without an engine.

A file is loaded only if its head is plain enough to be read here; the engine's own reading is compared with it later
(``policy.interpreter``), so that no trick of spelling puts a rule into a package that was not checked.
"""

import re
from collections.abc import Iterator, Sequence

from jumphost.errors import Problem
from jumphost.policy.protocol import Module

RULES = ("policies", "rules")  # the package below which rule packages are
DEPTH = 4  # names of a rule package: policies.rules.OWNER.RULE

_PACKAGE = re.compile(r"package ([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)(?:\s*#.*)?")


def read_module(path: str, data: bytes, roots: Sequence[str], problems: list[Problem], *, test: bool) -> Module | None:
    """The module in a file, or None with what is wrong added to ``problems``.

    One that is only at the wrong depth is read all the same, so that more is found. ``roots`` are those of the
    manifest, with slashes; a ``test`` may have a package that ends in ``_test``.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"got byte 0x{data[error.start]:02x}, expected UTF-8"
        problems.append(Problem(path, line, "", message, code="syntax.header"))
        return None
    package, line = _read(text)
    if not package:
        message = "got something else first, expected a line `package a.b.c` in small letters, digits and _"
        problems.append(Problem(path, line, "package", message, code="syntax.header"))
        return None
    found = [
        Problem(path, line, "package", f"got {package}, expected {expected}", code=code)
        for expected, code in _misplaced(tuple(package.split(".")), roots, test=test)
    ]
    problems += found
    outside = any(one.code != "root.rule" for one in found)
    return None if outside else Module(path, package, text, test=test)


def _read(text: str) -> tuple[str, int]:
    """The package, "" if the first line that says something does not name one, and that line."""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            match = _PACKAGE.fullmatch(stripped)
            return (match[1] if match else ""), number
    return "", 0


def _misplaced(package: tuple[str, ...], roots: Sequence[str], *, test: bool) -> Iterator[tuple[str, str]]:
    """What was expected instead, and the code of the finding."""
    paths = [tuple(root.split("/")) for root in roots]
    if not any(package[: len(root)] == root for root in paths):
        yield f"a package below {' or '.join(root.replace('/', '.') for root in roots)}", "root.package"
    elif len(package) == 1 or package[1] == "data":
        yield f"one apart from {package[0]}.data, where data lies: data would replace rules", "data.overlap"
    elif not test and package[-1].endswith("_test"):
        yield "tests in a file named *_test.rego, as this file is loaded", "root.test"
    elif not test and package[:2] == RULES and len(package) != DEPTH:
        yield "policies.rules.OWNER.RULE: nobody would ask another package for its verdicts", "root.rule"
