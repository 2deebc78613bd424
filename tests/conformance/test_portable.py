"""Whatever passes the portable check answers as OPA does: on random programs, and on the shipped bundle."""

import json
import random
import subprocess
import tempfile
from typing import Any

import pytest

from jumphost.testing import programs
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
    """Whether OPA's types show that a program makes no sense; that the engine takes it does no harm."""
    with tempfile.NamedTemporaryFile("w", suffix=".rego") as file:
        file.write(text)
        file.flush()
        ran = subprocess.run([opa_command(), "check", "--format", "json", file.name], capture_output=True, text=True)
    errors = {one["code"] for one in json.loads(ran.stderr or ran.stdout or "{}").get("errors", [])}
    assert errors <= {"rego_type_error"}, f"{text}\n{ran.stderr}"
    return bool(errors)


def portable(text: str) -> bool:
    try:
        return not reviewed({"x.rego": text})
    except RuntimeError:
        return False


@pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
@pytest.mark.parametrize(("seed", "count"), [(5, 40), pytest.param(6, 2000, marks=pytest.mark.long)])
def test_random_programs(seed: int, count: int) -> None:
    dice = random.Random(seed)
    passed = answered = 0
    while passed < count:
        text = programs.Program(dice).text
        documents = [programs.document(dice) for _ in range(DOCUMENTS)]
        if not portable(text):
            continue
        embedded = answers(Embedded, text, documents)
        if all(answer is None for answer in embedded):
            continue
        if refused(text):
            continue
        passed += 1
        for document, ours, theirs in zip(documents, embedded, answers(Opa, text, documents), strict=True):
            assert ours is None or ours == theirs, f"{text}\n{document}"
            answered += ours is not None
    assert answered > count * 2
