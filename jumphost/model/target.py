"""Where commands run."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Kind = Literal["ssh", "process"]
Shell = Literal["sh", "bash"]
Mode = Literal["command", "connection"]
"""What one login serves: one command, or all of one connection of a caller."""

LOGIN_LIFE_S: Final = 3600  # for how long after it was opened a login may begin another command


class Sandbox(Struct, frozen=True, forbid_unknown_fields=True):
    """What a command on a target of kind process may see and use; it sees the system's programs in any case."""

    read: tuple[str, ...] = ()  # paths of the gateway's host, there for reading
    processes: Annotated[int, Meta(ge=1, le=65_536)] = 64  # at a time
    memory_bytes: Annotated[int, Meta(ge=16 << 20)] = 2 << 30  # addresses of each process
    file_bytes: Annotated[int, Meta(ge=0)] = 64 << 20  # of each file that it writes
    tmp_bytes: Annotated[int, Meta(ge=4096)] = 64 << 20  # of each place where it may write: home, /tmp, /dev/shm
    open_files: Annotated[int, Meta(ge=16, le=65_536)] = 256  # of each process
    cpu_s: Annotated[int, Meta(ge=1)] = 3600  # of each process


class Target(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``targets.yaml``, with its name."""

    name: str
    logins: tuple[str, ...]  # the first is the default
    kind: Kind = "ssh"
    host: str = ""
    port: int = 22
    labels: dict[str, str] = {}
    host_keys: tuple[str, ...] = ()  # public key lines
    host_ca: tuple[str, ...] = ()
    source_address: tuple[str, ...] = ()  # CIDR that the target sees; empty: our socket's address
    shell: Shell = "sh"
    passthrough: bool = False
    mode: Mode = "command"
    sandbox: Sandbox = Sandbox()  # of kind process

    def principal(self, login: str) -> str:
        """The one principal of a certificate for this login: it opens no other login and no other target."""
        return f"{login}@{self.name}"
