"""Whatever the words: real shells and interpreters run nothing of a standard input that is taken for data."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from jumphost.command.facts import analyse
from jumphost.command.readers import takes

SHELL_WORDS = [
    *("-e", "-u", "-x", "-s", "-c", "-o", "+o", "-O", "-eo", "-euo", "-oe", "-so", "-l", "-", "--", "+x", "-a", "-es"),
    *("pipefail", "errexit", "extglob", "a.sh", "absent", "--norc", "--noprofile", "--posix", "--rcfile", "true"),
    *("--login", "/dev/stdin", "/dev/fd/0", "-opipefail", "-ec", "-sc", "--init-file", "-xo", "-p", "''"),
]
PYTHON_WORDS = ["-c", "-m", "-u", "-W", "-X", "-", "a.sh", "absent", "pass", "ignore", "dev", "-S", "-uc", "-I", "''"]
PERL_WORDS = ["-e", "-E", "-n", "-w", "-I", "-", "a.sh", "absent", "1", "-ne", "-we", "--", "lib", "-x", "''"]
RUNS = {"shell": "echo > ran\n", "python": "open('ran', 'w')\n", "perl": "open(F, '>', 'ran');\n"}
KINDS = [
    *((name, "shell", SHELL_WORDS) for name in ("sh", "bash", "dash", "zsh", "ksh")),
    ("python3", "python", PYTHON_WORDS),
    ("perl", "perl", PERL_WORDS),
]


@pytest.mark.parametrize(("program", "language", "pieces"), KINDS, ids=[name for name, *_ in KINDS])
def test_what_is_data_is_not_run(program: str, language: str, pieces: list[str], tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on PATH")
    dice = random.Random(program)
    data = run = 0
    (tmp_path / "a.sh").write_text("")
    ran = tmp_path / "ran"
    for _ in range(60):
        words = " ".join(dice.choices(pieces, k=dice.randint(0, 4)))
        one = analyse(f"{program} {words}".encode()).commands[0]
        argv = [word.v for word in one.argv]
        subprocess.run(argv, input=RUNS[language].encode(), capture_output=True, cwd=tmp_path, timeout=20, check=False)
        assert takes(one) == "code" or not ran.exists(), words
        data += takes(one) == "data"
        run += ran.exists()
        ran.unlink(missing_ok=True)
    assert data >= 5, "what is code whatever its words are says nothing"
    assert run >= 5, "a program that never reads says nothing"
