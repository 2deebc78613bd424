import os
import subprocess
import sys

from jumphost.policy.opa.launch import FILES

WORDS = [sys.executable, "-I", "-m", "jumphost.policy.opa.launch"]


def test_the_program_runs_in_its_limits_and_may_gain_nothing() -> None:
    text = "ulimit -n; ulimit -d; ulimit -c; grep NoNewPrivs /proc/self/status"
    words = [*WORDS, str(os.getpid()), str(512 << 20), "/bin/sh", "-c", text]
    ran = subprocess.run(words, env={}, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str(FILES), str(512 << 10), "0", "NoNewPrivs:", "1"]


def test_without_its_parent_nothing_runs() -> None:
    ran = subprocess.run([*WORDS, "1", str(512 << 20), "/bin/echo", "ran"], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"")
