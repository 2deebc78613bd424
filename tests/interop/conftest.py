"""Real servers to run against: a throw-away OpenSSH sshd, and the asyncssh target that stands in where none is."""

import shutil
from collections.abc import Iterator

import pytest

from jumphost.clock import SystemClock
from jumphost.testing import bank as banks
from jumphost.testing.bank import Bank
from jumphost.testing.ca import TargetCA
from jumphost.testing.site import open_folder
from jumphost.testing.sshd import Sshd, find_sshd, may_have_logins, sshd

SHELLS = ("dash", "bash", "zsh")


@pytest.fixture(scope="session")
def target_ca() -> TargetCA:
    return TargetCA(SystemClock())


@pytest.fixture(scope="session")
def server(target_ca: TargetCA) -> Iterator[Sshd]:
    """An sshd with one login for each login shell, named after it; /bin/sh where a shell is not installed."""
    if find_sshd() is None or not may_have_logins():
        pytest.skip("needs an sshd, and root that may mount: tests/install-servers")
    shells = {name: shutil.which(name) or "/bin/sh" for name in SHELLS}
    with (
        open_folder() as folder,
        sshd(folder, name="unprepared", logins=shells, target_ca=target_ca.line) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def prepared(target_ca: TargetCA) -> Iterator[Sshd]:
    """An sshd enrolled for credentials by proxy."""
    if find_sshd() is None or not may_have_logins():
        pytest.skip("needs an sshd, and root that may mount: tests/install-servers")
    logins = {"job": "/bin/sh", "other": "/bin/bash"}
    with (
        open_folder() as folder,
        sshd(folder, name="prepared", logins=logins, target_ca=target_ca.line, sockets=True) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def bank() -> Iterator[Bank]:
    """A database with a role for a lease."""
    with open_folder() as folder:
        try:
            with banks.bank(folder) as running:
                yield running
        except LookupError as missing:
            pytest.skip(str(missing))
