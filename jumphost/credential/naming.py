"""What every user that is made for one command has: a name that nobody can guess, and a password of 192 random bits."""

import secrets
from typing import Final

PASSWORD_BYTES: Final = 24
NAME_BYTES: Final = 4


def prefix(mark: str) -> str:
    """How the names of one site and entry begin; ``mark`` tells these from all others."""
    return f"jumphost_{mark}_"


def name(mark: str, request: str) -> str:
    """Mark, request and 32 random bits: at most 63 characters, which every server takes."""
    return f"{prefix(mark)}{request.replace('-', '')}_{secrets.token_hex(NAME_BYTES)}"


def password() -> bytes:
    """In base64url, which needs no quoting anywhere."""
    return secrets.token_urlsafe(PASSWORD_BYTES).encode()
