"""Real shells as witnesses: what does a text make them execute?

Programs are recorders in a folder that is the whole PATH; each text runs in a folder of its own, so that files which
redirections create can be told apart. Only for texts whose redirections stay in that folder.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SHELLS: Final = {
    "bash": ("bash", "--norc", "--noprofile"),
    "bash as sh": ("bash", "--posix"),
    "dash": ("dash",),
    "zsh": ("zsh", "-f"),
    "busybox": ("busybox", "sh"),
}
PROGRAMS: Final = {"okay": 0, "nope": 1}  # with their exit status
VARIABLE: Final = "GIVEN"  # recorded with every call
INPUT: Final = "in"  # a file that exists wherever a text runs

_CALLS = ".calls"
_RECORDER = """#!/bin/sh
printf '%s\\0' "$#" "${{{variable}-}}" "${{0##*/}}" "$@" >>{calls}
exit {status}
"""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one text did: the calls, each (VARIABLE, program, operands …), sorted, and the files that it created."""

    calls: tuple[tuple[str, ...], ...]
    files: frozenset[str]


class Witness:
    """One shell, by its name in SHELLS, that finds ``programs`` alone; LookupError if it is not installed."""

    def __init__(self, name: str, folder: Path, programs: Mapping[str, int] = PROGRAMS) -> None:
        program, *options = SHELLS[name]
        found = shutil.which(program)
        if found is None:
            raise LookupError(f"{program} is not installed: apt-get install {program}")
        self._argv = (found, *options)
        self._folder = folder
        self._programs = folder / "bin"
        self._programs.mkdir()
        for recorder, status in programs.items():
            path = self._programs / recorder
            path.write_text(_RECORDER.format(variable=VARIABLE, calls=_CALLS, status=status))
            path.chmod(0o755)
        self._batches = 0

    def run(self, texts: Sequence[str]) -> list[Observed]:
        """What each of ``texts`` does, in order; one start of the shell for all. A minute at most."""
        self._batches += 1
        batch = self._folder / str(self._batches)
        folders = [batch / str(number) for number in range(len(texts))]
        for folder in folders:
            folder.mkdir(parents=True)
            (folder / INPUT).touch()
        script = batch / "script"
        script.write_text("".join(map(_run_one, folders, texts)))
        subprocess.run(
            (*self._argv, str(script)),
            env={"PATH": str(self._programs), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )
        observed = [_observe(folder) for folder in folders]
        shutil.rmtree(batch)
        return observed


def _run_one(folder: Path, text: str) -> str:
    quoted = text.replace("'", "'\\''")
    return f"(cd '{folder}' && eval ' {quoted}')\n"  # the blank: to bash a leading - would be an option of eval


def _observe(folder: Path) -> Observed:
    calls = folder / _CALLS
    fields = calls.read_bytes().decode().split("\0") if calls.exists() else [""]
    found = []
    while len(fields) > 1:
        end = int(fields[0]) + 3
        found.append(tuple(fields[1:end]))
        fields = fields[end:]
    files = {path.name for path in folder.iterdir()} - {_CALLS, INPUT}
    return Observed(tuple(sorted(found)), frozenset(files))
