"""What the gateway is measured against: stock sshd, directly and as a jump host, on this machine in this run."""

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jumphost.config.create import write_key_pair
from jumphost.testing.sshd import find_sshd

CRYPTO = ("-c", "aes256-gcm@openssh.com", "-o", "KexAlgorithms=curve25519-sha256")
CLIENT = ("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "StrictHostKeyChecking=no", *CRYPTO)
KNOWN = ("-o", "UserKnownHostsFile=/dev/null")


@dataclass(frozen=True, slots=True)
class Rivals:
    """Two stock servers, both letting this user in with ``key``; the process ids are of their masters."""

    key: Path
    target_port: int
    jump_port: int
    jump_pid: int

    def direct(self, command: str) -> list[str]:
        """The words of ``ssh`` to the target."""
        return [*CLIENT, *KNOWN, "-i", str(self.key), "-p", str(self.target_port), _here(), command]

    def jumped(self, command: str) -> list[str]:
        """The words of ``ssh -J``; the hop is spelt as a ProxyCommand so that it has the same options."""
        hop = [*CLIENT, *KNOWN, "-i", str(self.key), "-p", str(self.jump_port), "-W", "%h:%p", _here()]
        proxy = "ProxyCommand=" + " ".join(hop)
        return [*CLIENT, *KNOWN, "-i", str(self.key), "-o", proxy, "-p", str(self.target_port), _here(), command]


@contextmanager
def rivals(folder: Path) -> Iterator[Rivals]:
    """Runs both until the block ends."""
    key = folder / "rival"
    line = write_key_pair(key, "rival")
    (folder / "authorized_keys").write_text(line + "\n")
    write_key_pair(folder / "rival_host", "host")
    target = _start(folder, "target")
    jump = _start(folder, "jump")
    try:
        yield Rivals(key, target[1], jump[1], jump[0].pid)
    finally:
        for server, _ in (target, jump):
            server.terminate()
            server.wait()


def _start(folder: Path, name: str) -> "tuple[subprocess.Popen[bytes], int]":
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / f"{name}.conf"
    config.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/rival_host\nPidFile {folder}/{name}.pid\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nPermitRootLogin yes\nUsePAM no\n"
        "MaxStartups 1000\nMaxSessions 1000\nLogLevel ERROR\nSetEnv SHLVL=1\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server = subprocess.Popen([find_sshd() or "sshd", "-D", "-e", "-f", str(config)], stderr=subprocess.DEVNULL)
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return server, port
    raise RuntimeError(f"the {name} sshd does not start")


def _here() -> str:
    return f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1"
