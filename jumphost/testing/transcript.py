"""Documentation that is run: the commands of a Markdown page in order, their output compared with what it shows.

- A fenced block ``console`` is a terminal: ``$ `` begins a command, ``> `` goes on with it, other lines are output.
  ``console NAME`` is a terminal of its own, where the last command of a block may go on: the next block of that name
  begins with the rest of its output.
- A fenced block of another language with a path after it is a file, written when its turn comes.
- ``…`` in a line of output stands for anything, as a whole line for any lines. In a command it stands for the id that
  was printed last.
"""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DEADLINE_S = 60.0
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FENCE = re.compile(r"^```([\w-]+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Commands come one by one on descriptor 3 and run in one shell, so that `export`, `cd` and `$?` last; a NUL ends each.
_SHELL = """exec 3<&0 </dev/null; last=0
while IFS= read -r -d '' -u 3 command; do (exit $last); eval "$command" 3<&-; last=$?; printf '\\0'; done"""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page: its language, the word after it, its text and the line where the text begins."""

    language: str
    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """A command, or "" for what goes on since the block before, with the output that the page shows."""

    command: str
    output: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page that name a language."""
    for found in _FENCE.finditer(page):
        yield Block(found[1], found[2] or "", found[3], page.count("\n", 0, found.start(3)) + 1)


def steps(block: Block) -> list[Step]:
    """What a ``console`` block shows, command by command."""
    found: list[Step] = []
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        last = found[-1] if found else Step("", "", number)
        if line.startswith("$ "):
            found.append(Step(line[2:], "", number))
        elif line.startswith("> ") and last.command and not last.output:
            found[-1] = Step(f"{last.command}\n{line[2:]}", "", last.line)
        else:
            found[-1:] = [Step(last.command, f"{last.output}{line}\n", last.line)]
    return found


def play(page: str, folder: Path, env: Mapping[str, str]) -> None:
    """Runs a page in ``folder``; AssertionError names the first line whose output is not as shown."""
    terminals: dict[str, Terminal] = {}
    printed: list[str] = []
    try:
        for block in blocks(page):
            if block.language == "console":
                if block.name not in terminals:
                    terminals[block.name] = Terminal(folder, env, printed)
                terminals[block.name].play(steps(block), may_go_on=bool(block.name))
            elif block.name:
                path = folder / block.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text)
    finally:
        for terminal in terminals.values():
            terminal.end()


class Terminal:
    """A shell that commands are typed into. ``printed`` collects the ids that all terminals of a page print."""

    def __init__(self, folder: Path, env: Mapping[str, str], printed: list[str]) -> None:
        self._printed = printed
        self._shown = b""
        self._busy = False
        self._shell = subprocess.Popen(
            ["bash", "-c", _SHELL],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def _text(self) -> str:
        return self._shown.decode(errors="replace")

    def play(self, script: list[Step], *, may_go_on: bool) -> None:
        """Types each command once the one before has ended, and compares; the last one may go on if told so."""
        for step in script:
            if step.command:
                self._wait(Step("", "", step.line), ended=True)
                self._type(step.command.replace("…", self._printed[-1] if self._printed else "…"))
            self._wait(step, ended=not (may_go_on and step is script[-1] and step.output))

    def end(self) -> None:
        """Ends the shell and what runs in it, and waits until nobody writes to the terminal any more."""
        os.killpg(self._shell.pid, signal.SIGTERM)
        self._shell.communicate()

    def _type(self, command: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(command.encode() + b"\0")
        self._shell.stdin.flush()
        self._busy = True

    def _wait(self, step: Step, *, ended: bool) -> None:
        """Until the output is as the step shows and, if so wanted, the command has ended."""
        wanted = pattern(step.output)
        give_up = time.monotonic() + DEADLINE_S
        while self._busy and (ended or not wanted.fullmatch(self._text)):
            if time.monotonic() > give_up:
                break
            self._read(give_up)
        shown, self._shown = self._text, b""
        self._printed.extend(_ID.findall(shown))
        late = ended and self._busy
        if late or not wanted.fullmatch(shown):
            raise AssertionError(
                f"line {step.line}: {step.command or 'what goes on'}\ngot{' (not ended)' if late else ''}:\n{shown}"
                f"expected:\n{step.output}"
            )

    def _read(self, give_up: float) -> None:
        assert self._shell.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._shell.stdout, selectors.EVENT_READ)
            if not selector.select(max(0.0, give_up - time.monotonic())):
                return
        chunk = os.read(self._shell.stdout.fileno(), 65_536)
        self._shown += chunk.removesuffix(b"\0")
        self._busy = not chunk.endswith(b"\0") and chunk != b""


def pattern(output: str) -> re.Pattern[str]:
    """What matches the output that a page shows."""
    lines = ("(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in output.splitlines())
    return re.compile("".join(lines))
