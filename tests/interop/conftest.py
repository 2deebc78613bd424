"""Real servers to run against: a throw-away OpenSSH sshd, and the asyncssh target that stands in where none is."""

import shutil
from collections.abc import Iterator

import pytest

from jumphost.clock import SystemClock
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
