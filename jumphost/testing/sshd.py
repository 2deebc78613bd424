"""A throw-away OpenSSH server that becomes a target only by following what ``target enroll`` printed.

It has a configuration, host key and port of its own; the machine's sshd and /etc/ssh are not touched. Started by root
it may have logins of its own, which exist in its mount namespace only; started by another user it takes that user's.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import asyncssh

from jumphost.model.target import Target
from jumphost.target.enroll import enrolment

START_TIMEOUT_S = 10.0
_LOOPBACK = "127.0.0.1"
_FIRST_UID = 61_001  # beyond what distributions give to people and services


def find_sshd() -> str | None:
    """The path of an installed sshd."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running server."""

    target: Target  # as targets.yaml would hold it
    etc: Path  # what /etc/ssh is elsewhere
    log: Path

    def home(self, login: str) -> Path:
        """The home of a login that it has of its own."""
        return self.etc / "home" / login


def may_have_logins() -> bool:
    """Whether a server started here can have logins of its own."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


@contextmanager
def sshd(
    folder: Path,
    *,
    name: str,
    logins: tuple[str, ...] | Mapping[str, str],
    target_ca: str | None,
    unmanaged: Mapping[str, str] = MappingProxyType({}),
    extra: str = "",
    sockets: bool = False,
) -> Iterator[Sshd]:
    """Runs a server in ``folder`` (empty, and reachable by the logins) as target ``name`` until the block ends.

    ``logins`` exist, or are made with the shells that a mapping gives them; with them the ``unmanaged`` ones, which the
    target does not name, so that they log in as on any server. ``extra`` are lines that the operator's own sshd_config
    begins with. ``sockets``: as ``enrolment`` has it. Without ``target_ca`` nobody has followed ``target enroll`` yet.
    RuntimeError with the server's words if the server does not start.
    """
    program = find_sshd()
    if program is None:
        raise RuntimeError("got no sshd, expected one: apt-get install openssh-server")
    (folder / "sshd_config.d").mkdir()
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    key_file = folder / "host_key"
    key_file.write_bytes(host_key.export_private_key())
    key_file.chmod(0o600)
    port = free_port()
    target = Target(
        name=name,
        logins=tuple(logins),
        host=_LOOPBACK,
        port=port,
        host_keys=(host_key.export_public_key().decode().strip(),),
    )
    (folder / "sshd_config").write_text(
        f"{extra}Include {folder}/sshd_config.d/*.conf\n"
        f"ListenAddress {_LOOPBACK}\nPort {port}\nHostKey {key_file}\nPidFile {folder}/pid\nLogLevel VERBOSE\n"
        f"MaxStartups 100:30:200\nStrictModes no\n"  # StrictModes: folders under /tmp are writable by all
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's own, for privilege separation
    if target_ca is not None:
        _follow(enrolment(target, target_ca, sockets=sockets).script, folder)
    log = folder / "log"
    inside = _with_passwd(folder, {**logins, **unmanaged}) if isinstance(logins, Mapping) else []
    server = subprocess.Popen(
        [*inside, program, "-D", "-E", str(log), "-f", str(folder / "sshd_config")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(server, port, log)
        yield Sshd(target=target, etc=folder, log=log)
    finally:
        server.terminate()
        server.wait()


def _with_passwd(folder: Path, shells: Mapping[str, str]) -> list[str]:
    """Makes the logins, and gives the words that start a program with an /etc/passwd which has them."""
    lines = [Path("/etc/passwd").read_text()]
    for uid, (login, shell) in enumerate(shells.items(), start=_FIRST_UID):
        home = folder / "home" / login
        home.mkdir(parents=True)
        os.chown(home, uid, uid)
        lines.append(f"{login}:x:{uid}:{uid}::{home}:{shell}\n")
    passwd = folder / "passwd"
    passwd.write_text("".join(lines))
    mount = 'mount --bind "$1" /etc/passwd && shift && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh", str(passwd)]


def _follow(script: str, etc: Path) -> None:
    done = subprocess.run(
        ["/bin/sh"], input=script, env={**os.environ, "ETC": str(etc)}, text=True, capture_output=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"got status {done.returncode} from what enroll printed:\n{done.stderr}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up and server.poll() is None:
        try:
            socket.create_connection((_LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"got no sshd on port {port}:\n{log.read_text() if log.exists() else ''}")
