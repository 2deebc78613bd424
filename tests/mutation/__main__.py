"""Changes one thing in a module at a time and runs its own tests: what they do not notice, they do not hold.

``python -m tests.mutation gateway/session.py [LINE…]`` prints each change that no test noticed; exit 1 if there is one.
"""

import ast
import copy
import ctypes
import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0  # for the tests of one module: a change may make one wait for ever
PR_SET_PDEATHSIG = 1  # linux/prctl.h
HEAVY = ("asyncssh", "cryptography", "msgspec", "rfc8785", "structlog", "yaml", "prometheus_client")

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
}


def changed(node: ast.AST) -> ast.AST | None:
    """The node with one thing changed; None if there is nothing to change in it."""
    node = copy.deepcopy(node)
    match node:
        case ast.Compare(ops=[op, *_]):
            node.ops[0] = SWAPS[type(op)]()
        case ast.BoolOp() | ast.BinOp() if type(node.op) in SWAPS:
            node.op = SWAPS[type(node.op)]()
        case ast.UnaryOp(op=ast.Not()):
            return node.operand
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int()):
            node.value += 1
        case ast.If(test=ast.Name() | ast.Call() | ast.Attribute()) | ast.IfExp(test=ast.Name() | ast.Attribute()):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise():
            return ast.Pass()
        case _:
            return None
    return node


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Every place of code: parent, field, index; no annotations, and no words of a class statement."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "keywords") and not (name == "keywords" and isinstance(tree, ast.Call)):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST):
                yield tree, name, index
                yield from places(child)


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, what was changed, and the whole source with it."""
    tree = ast.parse(source)
    for parent, name, index in places(tree):
        held = getattr(parent, name)
        old = held if index is None else held[index]
        new = changed(old)
        if new is None:
            continue
        _put(parent, name, index, new)
        text = ast.unparse(ast.fix_missing_locations(tree))
        _put(parent, name, index, old)
        yield old.lineno, f"{_head(old)}  →  {_head(new)}", text


def _put(parent: ast.AST, name: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node


def _head(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]


def noticed(module: Path, test: Path, source: str) -> bool:
    """Whether the module's tests fail in a process that has ``source`` in its place."""
    child = os.fork()
    if not child:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        read = importlib.machinery.SourceFileLoader.get_code

        def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> object:
            ours = Path(self.get_filename(fullname)) == module
            return compile(source, str(module), "exec", dont_inherit=True) if ours else read(self, fullname)

        importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[assignment,method-assign]
        silence = os.open(os.devnull, os.O_RDWR)
        os.setsid()
        for number in (1, 2):
            os.dup2(silence, number)
        try:
            os._exit(pytest.main(["-qx", "-p", "no:cacheprovider", str(test)]))
        finally:
            os._exit(1)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main(name: str, *lines: str) -> int:
    module, test = ROOT / "jumphost" / name, ROOT / "tests/unit" / Path(name).parent / f"test_{Path(name).name}"
    source = module.read_text()
    if noticed(module, test, source):
        raise SystemExit(f"{test} does not pass as it is")
    tried = survived = 0
    for line, what, text in mutants(source):
        if lines and str(line) not in lines:
            continue
        tried += 1
        if not noticed(module, test, text):
            survived += 1
            print(f"{name}:{line}: {what}", flush=True)
    print(f"{name}: {tried} changes, {survived} not noticed", flush=True)
    return bool(survived)


if __name__ == "__main__":
    for heavy in HEAVY:
        __import__(heavy)
    sys.exit(main(*sys.argv[1:]))
