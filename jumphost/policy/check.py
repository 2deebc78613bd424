"""What is wrong with policies before they are in force: every finding at once, with file, line and what to do."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from jumphost.errors import Problem, Problems, Unavailable
from jumphost.policy import bundle, detectors, tables
from jumphost.policy.base import Engine
from jumphost.policy.bundle import LIBRARY, MAX_MODULE, SITE, Tree, read_regular
from jumphost.policy.header import read_module
from jumphost.policy.pool import Pool, inspect

_DEADLINE_MS = 5000  # of the one judgement: the machine that checks may be a busy one


Start = Callable[[Path], Awaitable[Engine]]


async def check(paths: Iterable[Path], start: Start | None = None, *, portable: bool = True) -> list[Problem]:
    """Findings in files, folders and whole bundles (folders with a ``.manifest``), in the order of files and lines.

    ``start`` starts the engine that is to judge by a bundle (default: the embedded one). Without ``portable`` what the
    engines answer differently is no finding, nor is what only the embedded one cannot read.
    """
    problems: set[Problem] = set()
    for path in paths:
        tree, whole = _read(path)
        aside = () if portable else ("portable.", "syntax.rego") if whole else ("portable.",)
        found = [*tree.problems, *(one for one in await _reading(tree, whole=whole) if not one.code.startswith(aside))]
        problems.update(found or (await _in_force(path, start or _embedded) if whole else ()))
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.message))


def _read(path: Path) -> tuple[Tree, bool]:
    """What can be read without an engine, tests and tables included; and whether it is a bundle of a site."""
    if not (path / ".manifest").is_file():
        return _loose(path), False
    shipped = path.resolve() == bundle.library().resolve()
    tree = bundle.read_tree(path, LIBRARY if shipped else SITE)
    try:
        tables.load(path)
    except Problems as found:
        tree.problems += found.problems
    return tree, not shipped


def _loose(path: Path) -> Tree:
    """Files of Rego and of detectors apart from a bundle."""
    tree = Tree(path, SITE)
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        seeks = file.parent.name == detectors.FOLDER and file.suffix in detectors.SUFFIXES
        if path.is_dir() and not seeks and file.suffix != ".rego":
            continue
        try:
            content = read_regular(file, MAX_MODULE)
        except (OSError, ValueError) as error:
            tree.wrong(file, f"cannot be read: {error}", "root.file")
            continue
        if seeks:
            bundle.add_detectors(tree, file, content)
            continue
        test = file.name.endswith("_test.rego")
        if module := read_module(str(file), content, (SITE,), tree.problems, test=test):
            (tree.tests if test else tree.modules).append(module)
    return tree


async def _reading(tree: Tree, *, whole: bool) -> list[Problem]:
    """What is found in the text of the modules, with the library where they are not its own."""
    modules = [*tree.modules, *tree.tests]
    if not modules:
        return []
    if tree.root == SITE:
        modules += bundle.read_tree(bundle.library(), LIBRARY).modules
    try:
        return list(await inspect(tuple(modules), whole=whole or tree.root == LIBRARY))
    except Unavailable as error:
        return [Problem(str(tree.directory), 0, "", error.message, code="syntax.rego")]


async def _embedded(directory: Path) -> Engine:
    return await Pool.start(bundle.load(directory), workers=1, deadline_ms=_DEADLINE_MS)


async def _in_force(directory: Path, start: Start) -> list[Problem]:
    """What only shows when the bundle judges, together with the library."""
    try:
        engine = await start(directory)
    except Problems as found:
        return list(found.problems)
    except Unavailable as error:
        message = f"{error.message}: {error.detail}" if error.detail else error.message
        return [Problem(str(directory), 0, "", message, code="schema.decision")]
    await engine.close()
    return []
