"""Where commands run."""

from typing import Final, Literal

from msgspec import Struct

Kind = Literal["ssh", "process"]
Shell = Literal["sh", "bash"]
Mode = Literal["command", "connection"]
"""What one login serves: one command, or all of one connection of a caller."""

LOGIN_LIFE_S: Final = 3600  # for how long after it was opened a login may begin another command


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

    def principal(self, login: str) -> str:
        """The one principal of a certificate for this login: it opens no other login and no other target."""
        return f"{login}@{self.name}"
