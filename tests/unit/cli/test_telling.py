"""What a demo shows, and that it stops where something is not as it was told."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jumphost.cli import telling


class Site:
    """Answers every command in the same way."""

    def __init__(self, status: int, stdout: bytes, stderr: bytes) -> None:
        self.done = subprocess.CompletedProcess([], status, stdout, stderr)

    def ssh(self, key: Path, where: str, command: str) -> "subprocess.CompletedProcess[bytes]":
        assert (key, where) == (Path("key"), "payments-db")
        return self.done


def runs(expected: int, status: int = 0) -> str:
    site: Any = Site(status, b"a [b]line[/b]\n", b"jumphost: note\n")
    return telling.runs(site, Path("key"), "ls", expected)


def test_a_command_is_shown_with_all_that_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert runs(0) == "a [b]line[/b]\n"
    assert capsys.readouterr().out == ('$ ssh payments-db@gateway "ls"\na [b]line[/b]\njumphost: note\nexit status 0\n')


def test_another_status_than_told_ends_the_story() -> None:
    with pytest.raises(AssertionError, match="got exit status 0, expected 77"):
        runs(77)


def test_steps_words_and_code_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    telling.step("[red]one[/red]")
    telling.say("two [3]")
    telling.code('some file in ["a"]')
    assert capsys.readouterr().out == '\n── [red]one[/red]\ntwo [3]\nsome file in ["a"]\n'


def test_ours_on_another_machine(capsys: pytest.CaptureFixture[str]) -> None:
    telling.elsewhere(["--help"], dict(os.environ), "jumphost --help")
    assert "$ jumphost --help\n" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="jumphost nothing ended with 2"):
        telling.elsewhere(["nothing"], dict(os.environ), "jumphost nothing")
