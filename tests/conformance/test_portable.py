"""Whatever passes the portable check answers as OPA does: on random programs, and on the shipped bundle."""

import json
import random
import subprocess
import tempfile
from typing import Any

import pytest

from jumphost.policy.bundle import LIBRARY, SITE, library, read_tree
from jumphost.testing import documents, programs
from jumphost.testing.rego import WITHOUT_OPA, Embedded, Opa, opa_command, opa_installed
from jumphost.testing.review import reviewed

DOCUMENTS = 4
QUERY = f"data.{programs.PACKAGE}"


def answers(engine: type[Embedded] | type[Opa], text: str, documents: list[dict[str, Any]]) -> list[Any]:
    """What an engine answers to each document; None where it ends with an error."""
    asked = engine({"x.rego": text}, programs.data())
    try:
        return asked.ask(QUERY, documents)
    except RuntimeError:
        if len(documents) == 1:
            return [None]
    return [answers(engine, text, [document])[0] for document in documents]


def refused(text: str) -> bool:
    """Whether OPA finds that a program makes no sense by its types or its order; what it refuses it never answers."""
    with tempfile.NamedTemporaryFile("w", suffix=".rego") as file:
        file.write(text)
        file.flush()
        ran = subprocess.run([opa_command(), "check", "--format", "json", file.name], capture_output=True, text=True)
    errors = {one["code"] for one in json.loads(ran.stderr or ran.stdout or "{}").get("errors", [])}
    assert errors <= {"rego_type_error", "rego_unsafe_var_error"}, f"{text}\n{ran.stderr}"
    return bool(errors)


def portable(text: str) -> bool:
    try:
        return not reviewed({"x.rego": text})
    except RuntimeError:
        return False


@pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
@pytest.mark.parametrize(("seed", "count"), [(5, 150), pytest.param(6, 2000, marks=pytest.mark.long)])
def test_random_programs(seed: int, count: int) -> None:
    dice = random.Random(seed)
    passed = answered = failed = 0
    while passed < count:
        text = programs.Program(dice).text
        asked = [programs.document(dice) for _ in range(DOCUMENTS)]
        if not portable(text):
            continue
        embedded = answers(Embedded, text, asked)
        if all(answer is None for answer in embedded) or refused(text):
            continue
        passed += 1
        for document, ours, theirs in zip(asked, embedded, answers(Opa, text, asked), strict=True):
            assert None in (ours, theirs) or ours == theirs, f"{text}\n{document}"
            answered += None not in (ours, theirs)
            failed += theirs is None is not ours
    assert answered > count * 2
    assert failed <= answered / 100, "OPA 1.22.2 asks a `not` too early in some comprehensions, and says so"


@pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_random_documents(count: int) -> None:
    dice = random.Random(count)
    trees = (read_tree(library(), LIBRARY), read_tree(library().parent.parent / "policies", SITE))
    modules = {module.path: module.text for tree in trees for module in tree.modules}
    base = {SITE: {"data": trees[1].data}}
    made = [dice.choice((documents.built, documents.random_total))(dice) for _ in range(count)]
    answered = [engine(modules, base).ask("data.jumphost.main.decision", made) for engine in (Embedded, Opa)]
    for document, ours, theirs in zip(made, *answered, strict=True):
        assert ours == theirs, document
    assert {answer["effect"] for answer in answered[0]} == {"allow", "deny", "hold"}
