"""The file of ``admin:``: who a provider is at its server."""

from pathlib import Path

from jumphost.secret import Secret


def read_login(path: Path) -> tuple[str, Secret]:
    """Name and password of a file with one line ``NAME:PASSWORD``; ValueError says what the file is instead."""
    try:
        name, colon, password = path.read_text().strip("\r\n").partition(":")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {type(error).__name__}") from None
    if not colon or not name or not password:
        raise ValueError(f"got no NAME:PASSWORD in {path}")
    return name, Secret(password.encode())
