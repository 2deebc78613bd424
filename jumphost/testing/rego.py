"""Two Rego engines behind one question, for tests of policies: the embedded one, and OPA where it is installed.

Both are strict: a builtin error ends the question with an error instead of being undefined.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import regorus

from jumphost.policy.builtins import OVERRIDES

OPA_VERSION = "1.22.2"  # the oldest whose answers are the meaning of a policy: earlier ones lose denials and signatures
WITHOUT_OPA = f"opa {OPA_VERSION} is not installed: go install github.com/open-policy-agent/opa@v{OPA_VERSION}"
UNDEFINED = object()


class Rego(Protocol):
    """Modules and base data that can be asked."""

    def ask(self, query: str, inputs: Sequence[Any]) -> list[Any]:
        """The value of ``query`` for each input, ``UNDEFINED`` where it has none; RuntimeError on any other outcome."""


def modules_under(*trees: Path) -> dict[str, str]:
    """The text of every ``.rego`` file under ``trees``, tests included, by path."""
    return {str(path): path.read_text() for tree in trees for path in sorted(tree.rglob("*.rego"))}


class Embedded:
    """The embedded engine, in this process: for trusted policies only."""

    def __init__(self, modules: Mapping[str, str], data: Mapping[str, Any] | None = None) -> None:
        self._engine = regorus.Engine()
        for name, (count, function) in OVERRIDES.items():
            self._engine.add_extension(name, count, function)
        for path, text in modules.items():
            self._engine.add_policy(path, text)
        self._engine.add_data_json(json.dumps(data or {}))

    def ask(self, query: str, inputs: Sequence[Any]) -> list[Any]:
        return [self._one(query, document) for document in inputs]

    def _one(self, query: str, document: Any) -> Any:
        engine = self._engine.clone()
        engine.set_input_json(json.dumps(document))
        results = json.loads(engine.eval_query_as_json(query)).get("result", [])
        return results[0]["expressions"][0]["value"] if results else UNDEFINED


class Opa:
    """``opa eval`` in a child, one run for all inputs."""

    def __init__(self, modules: Mapping[str, str], data: Mapping[str, Any] | None = None) -> None:
        self._modules = dict(modules)
        self._data = dict(data or {})

    def ask(self, query: str, inputs: Sequence[Any]) -> list[Any]:
        whole = f"{{i: answer | some i, document in input; answer := {query} with input as document}}"
        with tempfile.TemporaryDirectory() as folder:
            files = list(self._write(Path(folder)))
            options = [word for file in files for word in ("--data", str(file))]
            run = subprocess.run(
                [
                    opa_command(),
                    "eval",
                    "--strict-builtin-errors",
                    "--format",
                    "json",
                    "--stdin-input",
                    *options,
                    whole,
                ],
                input=json.dumps(list(inputs)),
                capture_output=True,
                text=True,
                check=False,
            )
        if run.returncode:
            raise RuntimeError(run.stdout + run.stderr)
        answers = json.loads(run.stdout)["result"][0]["expressions"][0]["value"]
        return [answers.get(str(index), UNDEFINED) for index in range(len(inputs))]

    def _write(self, folder: Path) -> Iterable[Path]:
        texts = [("data.json", json.dumps(self._data))]
        texts += [(f"{number}.rego", text) for number, text in enumerate(self._modules.values())]
        for name, text in texts:
            (folder / name).write_text(text)
            yield folder / name


def opa_command() -> str:
    """The ``opa`` on PATH or where ``go install`` puts it; FileNotFoundError says how to get one."""
    found = shutil.which("opa") or shutil.which("opa", path=str(Path.home() / "go" / "bin"))
    if found is None:
        raise FileNotFoundError(WITHOUT_OPA)
    return found


def opa_installed() -> bool:
    """Whether :func:`opa_command` finds one."""
    try:
        return bool(opa_command())
    except FileNotFoundError:
        return False


def failing_tests(rego: Rego, modules: Mapping[str, str]) -> list[str]:
    """The tests of modules (path → text) that do not hold, as PACKAGE.NAME; RuntimeError as of ``ask``.

    ValueError if two of a package have one name: one of them could fail unseen.
    """
    packages: dict[str, list[str]] = {}
    for text in modules.values():
        if head := re.search(r"^package (\S+_test)$", text, re.MULTILINE):
            packages.setdefault(head[1], []).extend(re.findall(r"^(test_\w+)", text, re.MULTILINE))
    failed = []
    for package, names in packages.items():
        if len(names) != len(set(names)):
            raise ValueError(f"{package}: got a name twice among {sorted(names)}, expected each once")
        held = ",\n".join(f"count([1 | data.{package}.{name} == true])" for name in names)
        (answer,) = rego.ask(f"[{held}]", [{}])
        failed += [f"{package}.{name}" for name, count in zip(names, answer, strict=True) if count != 1]
    return failed
