"""The head of a Rego file: its package and imports, read without an engine.

A file is loaded only if its head is plain enough to be read here; the engine's own reading is compared with it later
(``policy.interpreter``), so that no trick of spelling puts a rule into a package that was not checked.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from jumphost.errors import Problem
from jumphost.policy.protocol import Module

_V1, _NOT = "rego.v1", "future.keywords.not"  # what makes OPA and the embedded engine read one language
_APART = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*')  # strings and comments

_PACKAGE = re.compile(r"package ([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)(?:\s*#.*)?")
_IMPORT = re.compile(r"import ([A-Za-z0-9_.]+)(?: as [A-Za-z0-9_]+)?(?:\s*#.*)?")


class _Head(Struct):
    package: str = ""
    line: int = 0
    imports: tuple[str, ...] = ()


def read_module(path: str, data: bytes, roots: Sequence[str], problems: list[Problem], *, test: bool) -> Module | None:
    """The module in a file, or None with what is wrong added to ``problems``.

    ``roots`` are those of the manifest, with slashes; a ``test`` may have a package that ends in ``_test``.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"got byte 0x{data[error.start]:02x}, expected UTF-8"
        problems.append(Problem(path, line, "", message, code="syntax.header"))
        return None
    head = _read(text)
    if not head.package:
        message = "got something else first, expected a line `package a.b.c` in small letters, digits and _"
        problems.append(Problem(path, head.line, "package", message, code="syntax.header"))
        return None
    found = [*_misplaced(path, head, roots, test=test), *_missing(path, head, text)]
    problems += found
    return None if found else Module(path, head.package, text)


def _read(text: str) -> _Head:
    head = _Head()
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not head.package:
            match = _PACKAGE.fullmatch(stripped)
            head.line = number
            if not match:
                break
            head.package = match[1]
        elif match := _IMPORT.fullmatch(stripped):
            head.imports += (match[1],)
        else:
            break
    return head


def _misplaced(path: str, head: _Head, roots: Sequence[str], *, test: bool) -> Iterator[Problem]:
    package = tuple(head.package.split("."))
    paths = [tuple(root.split("/")) for root in roots]
    if not any(package[: len(root)] == root for root in paths):
        message = (
            f"got {head.package}, expected a package below {' or '.join(root.replace('/', '.') for root in roots)}"
        )
        yield Problem(path, head.line, "package", message, code="root.package")
    elif len(package) == 1 or package[1] == "data":
        message = (
            f"got {head.package}, expected one apart from {package[0]}.data, where data lies: data would replace rules"
        )
        yield Problem(path, head.line, "package", message, code="data.overlap")
    elif not test and package[-1].endswith("_test"):
        message = f"got {head.package} in a file that is loaded, expected tests in a file named *_test.rego"
        yield Problem(path, head.line, "package", message, code="root.test")


def _missing(path: str, head: _Head, text: str) -> Iterator[Problem]:
    """The imports without which the engines differ: OPA's own ``not`` does not hold of what is missing."""
    needed = {_V1: True, _NOT: re.search(r"\bnot\b", _APART.sub("", text)) is not None}
    for name, wanted in needed.items():
        if wanted and name not in head.imports:
            message = f"got no `import {name}`, expected it right after the package: engines differ without it"
            yield Problem(path, head.line, "import", message, code="portable.import", fix=f"import {name}")
