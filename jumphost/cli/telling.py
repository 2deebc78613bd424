"""How a demo is told: what is typed, what came of it, and that it went as it should."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from jumphost.testing.site import LiveSite

out = Console(highlight=False, soft_wrap=True)


def step(title: str) -> None:
    """A part of the story begins."""
    out.print()
    out.print(Text(f"── {title}", style="bold cyan"))
    sys.stdout.flush()


def say(line: str) -> None:
    """What a teller adds."""
    out.print(Text(line, style="italic"))


def code(text: str) -> None:
    """A piece of a file."""
    out.print(Text(text, style="dim"))


def check(holds: bool, message: str) -> None:
    """AssertionError with the message unless it holds."""
    if not holds:
        raise AssertionError(message)


def runs(site: LiveSite, key: Path, command: str, expected: int) -> str:
    """One command of the batch job; its standard output."""
    _prompt(command)
    done = site.ssh(key, "payments-db", command)
    _shows(done.stdout, done.stderr, done.returncode, expected)
    return done.stdout.decode(errors="replace")


def answered(site: LiveSite, key: Path, command: str, verdict: str, people: Mapping[str, str], expected: int) -> None:
    """One that is held, and what each of ``people`` says of it, by name with the reason."""
    _prompt(command)
    caller = site.ssh_started(key, "payments-db", command)
    hold = site.hold()
    for who, reason in people.items():
        say(f"… it waits; meanwhile {who}: jumphost approval {verdict} {hold['id'][:13]}… --reason '{reason}'")
        site.answer(verdict, hold["id"], who, "--reason", reason)
    stdout, stderr = caller.communicate(timeout=60)
    _shows(stdout, stderr, caller.returncode, expected)


def cli(site: LiveSite, *words: str) -> str:
    """One command of ours on the site; what it printed."""
    _typed(f"jumphost {' '.join(words)}")
    printed = site.cli(*words).stdout
    out.print(Text(printed.rstrip()))
    return printed


def elsewhere(words: list[str], env: Mapping[str, str], shown: str) -> None:
    """One of ours on a caller's machine; AssertionError if it fails."""
    _typed(shown)
    done = subprocess.run([sys.executable, "-m", "jumphost", *words], env=env, text=True, capture_output=True)
    check(done.returncode == 0, f"{shown} ended with {done.returncode}: {done.stderr}")
    out.print(Text(done.stdout.rstrip()))


def _prompt(command: str) -> None:
    _typed(f'ssh payments-db@gateway "{command}"')


def _typed(line: str) -> None:
    out.print(Text(f"$ {line}", style="bold"))


def _shows(stdout: bytes, stderr: bytes, status: int, expected: int) -> None:
    colour = "green" if status == 0 else "yellow" if status == 75 else "red"
    out.print(Text(stdout.decode(errors="replace").rstrip()), end="\n" if stdout else "")
    out.print(Text(stderr.decode(errors="replace").rstrip(), style=colour), end="\n" if stderr else "")
    out.print(Text(f"exit status {status}", style="dim"))
    check(status == expected, f"got exit status {status}, expected {expected}")
