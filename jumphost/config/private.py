"""What no command on the gateway's own host may be given to read, whatever its target's ``sandbox`` says."""

from pathlib import Path
from typing import Final

# What is others', or live, or the sandbox's own.
PRIVATE: Final = (
    *("/dev", "/home", "/proc", "/root", "/run", "/sys", "/tmp", "/var/run", "/var/tmp"),  # noqa: S108 - named only
    *("/etc/gshadow", "/etc/shadow", "/etc/ssh", "/etc/ssl/private", "/etc/sudoers"),
)


def inside(path: Path, site: Path) -> Path | None:
    """The private place that the path lies in or holds, the site among them; None if there is none."""
    for place in (*map(Path, PRIVATE), site):
        if path.is_relative_to(place) or place.is_relative_to(path):
            return place
    return None
