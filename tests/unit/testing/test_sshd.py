"""How starting fails; that it starts is shown by all of tests/interop."""

import getpass
from pathlib import Path

import pytest

from jumphost.testing import sshd as module
from jumphost.testing.sshd import find_sshd, sshd

CA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAGFO+8cm/qLUwpwDIYNvyZDdJXV9pAd4sRGGFOBR3e"


def start(folder: Path, extra: str = "") -> None:
    with sshd(folder, name="t", logins=(getpass.getuser(),), target_ca=CA, extra=extra):
        raise AssertionError("it started")


def test_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_sshd", lambda: None)
    with pytest.raises(RuntimeError, match="apt-get install openssh-server"):
        start(tmp_path)


@pytest.mark.skipif(find_sshd() is None, reason="needs an sshd: tests/install-servers")
def test_with_a_configuration_that_it_does_not_take(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Bad configuration option: Nonsense"):
        start(tmp_path, "Nonsense yes\n")
