"""The README's ten minutes, as a reader would have them: every command is run and its output compared.

``db.example`` is a throw-away sshd that nobody prepared; its administrator's own ``ssh root@db.example`` is a stand-in
that runs what it is given beside that server. Everything else is as on the reader's machine.
"""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.testing.site import has_ssh, open_folder
from jumphost.testing.sshd import Sshd, find_sshd, may_have_logins, sshd
from jumphost.testing.transcript import play

README = Path(__file__).parents[2] / "README.md"

ADMINISTRATOR = """#!/bin/sh
case $1 in
root@*) shift; ETC={etc} exec sh -c "$*" ;;
*) exec {ssh} "$@" ;;
esac
"""
RELOAD = """#!/bin/sh
listening() {{ grep -c '^Server listening' {log}; }}
before=$(listening)
kill -HUP "$(cat {etc}/pid)"
until [ "$(listening)" -gt "$before" ]; do sleep 0.02; done
"""


@pytest.fixture
def server() -> Iterator[Sshd]:
    if find_sshd() is None or not has_ssh() or not may_have_logins():
        pytest.skip("needs ssh, sshd, and root that may mount: tests/install-servers")
    with open_folder() as folder, sshd(folder, name="ledger", logins={"app": "/bin/sh"}, target_ca=None) as running:
        home = running.home("app")
        home.chmod(0o777)
        for book in ("ledger.csv", "ledger-2019.csv"):
            (home / book).write_text("id,amount\n1,120.00\n")
        yield running


@pytest.fixture
def programs(server: Sshd, tmp_path: Path) -> Path:
    """What stands first on the reader's PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "ssh": ADMINISTRATOR.format(etc=server.etc, ssh=shutil.which("ssh")),
        "systemctl": RELOAD.format(etc=server.etc, log=server.log),
        "jumphost": f'#!/bin/sh\nexec {sys.executable} -m jumphost "$@"\n',
    }
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def test_ten_minutes(server: Sshd, programs: Path, tmp_path: Path) -> None:
    stands_for = {
        "--host db.example": f"--host {server.target.host} --port {server.target.port}",
        "db.example:22": f"{server.target.host}:{server.target.port}",
        "db.example": server.target.host,
        "/etc/ssh/ssh_host_ed25519_key.pub": f"{server.etc}/host_key",
        "jumphost init site": f"jumphost init site --listen 127.0.0.1:{(port := _free_port())}",
        "2222": str(port),
    }
    page = README.read_text()
    for said, here in stands_for.items():
        assert said in page
        page = page.replace(said, here)
    folder = tmp_path / "reader"
    folder.mkdir()
    known = {name: value for name, value in os.environ.items() if not name.startswith("JUMPHOST_")}
    play(page, folder, {**known, "PATH": f"{programs}:{known['PATH']}", "NO_COLOR": "1"})
    assert [path.name for path in server.home("app").iterdir()] == ["ledger.csv"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
