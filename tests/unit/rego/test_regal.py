"""``make lint`` asks a regal where there is one, and is not stopped by one that is another version."""

import os
import subprocess
from pathlib import Path

import pytest

LINT = Path(__file__).parents[3] / "tests" / "lint-rego"
CONFIG = Path(__file__).parents[3] / ".regal" / "config.yaml"


def lint(home: Path) -> subprocess.CompletedProcess[str]:
    """The script, where only what is in the home can be a regal."""
    environment = {"HOME": str(home), "PATH": os.defpath}
    return subprocess.run([LINT], env=environment, capture_output=True, text=True, check=False)


def place(home: Path, answer: str, status: int) -> None:
    """A regal that always says this."""
    regal = home / "go" / "bin" / "regal"
    regal.parent.mkdir(parents=True)
    regal.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$*\" '{answer}'\nexit {status}\n")
    regal.chmod(0o700)


def test_without_a_regal_nothing_is_said(tmp_path):
    done = lint(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("status", [3, 1])
def test_findings_stop_it(tmp_path, status):
    place(tmp_path, "1 violation found", status)
    done = lint(tmp_path)
    assert (done.returncode, done.stdout) == (status, "lint --no-color rego policies\n1 violation found\n")


def test_without_findings_nothing_is_said(tmp_path):
    place(tmp_path, "No violations found.", 0)
    done = lint(tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_one_that_lacks_a_rule_is_named_and_left_alone(tmp_path):
    place(tmp_path, "failed to prepare for linting: validation failed: unknown rules: [use-array-flatten]", 1)
    done = lint(tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("the Rego is not linted: got a regal without rules")


def test_every_deviation_has_its_reason():
    lines = CONFIG.read_text().splitlines()
    told = [line for line in lines if line.strip().startswith(("level:", "files:", "non-breakable", "except-"))]
    assert len(told) == 8
    assert [line for line in told if " # " not in line] == []
