"""What a caller's environment asks of the gateway (CONTRACTS §2): our own names, and those the site accepts."""

from collections.abc import Mapping

from msgspec import Struct

from jumphost.command.forced import grantable
from jumphost.errors import Code, Refused

PREFIX = "JUMPHOST_"
MAX_PURPOSE = 1024  # characters
MAX_CORRELATION = 255  # as CONTRACTS §2
MAX_WAIT_S = 30 * 86_400  # no hold lives longer

_KNOWN = frozenset({"PURPOSE", "CORRELATION_ID", "WAIT", "DRY_RUN", "OUTPUT"})


class Wishes(Struct, frozen=True):
    """The caller's environment, read. ``wait_s`` None: until the hold's ttl or the certificate's end."""

    purpose: str = ""
    correlation: str = ""
    wait_s: int | None = None
    dry_run: bool = False
    as_json: bool = False
    env: dict[str, str] = {}  # the names that the site accepts and that can be granted; all others are dropped


def read(raw: Mapping[str, bytes], accepted: tuple[str, ...]) -> Wishes:
    """Reads it; Refused (request.invalid) if a name of ours is unknown or its value malformed.

    An unknown name of ours is refused, since a misspelt JUMPHOST_DRY_RUN would run the command.
    """
    ours = {name.removeprefix(PREFIX): value for name, value in raw.items() if name.startswith(PREFIX)}
    if unknown := sorted(ours.keys() - _KNOWN):
        names = ", ".join(PREFIX + name for name in sorted(_KNOWN))
        raise _invalid(f"got {(PREFIX + unknown[0])[:64]!r}, expected one of {names}")
    given = {name: _text(PREFIX + name, value) for name, value in ours.items()}
    return Wishes(
        purpose=_purpose(given.get("PURPOSE", "")),
        correlation=_correlation(given.get("CORRELATION_ID", "")),
        wait_s=_wait(given.get("WAIT")),
        dry_run=_choice("DRY_RUN", given.get("DRY_RUN", "0"), ("0", "1")) == "1",
        as_json=_choice("OUTPUT", given.get("OUTPUT", "text"), ("text", "json")) == "json",
        env={name: _text(name, value) for name, value in raw.items() if name in accepted and grantable(name)},
    )


def wants_json(raw: Mapping[str, bytes]) -> bool:
    """Whether our lines are to be JSON, known even where the rest is malformed."""
    return raw.get(PREFIX + "OUTPUT") == b"json"


def _text(name: str, value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise _invalid(f"got {name} that is not UTF-8") from None
    if "\0" in text:
        raise _invalid(f"got a NUL in {name}")
    return text


def _purpose(text: str) -> str:
    if len(text) > MAX_PURPOSE or not text.isprintable():
        raise _invalid(f"got {len(text)} characters in JUMPHOST_PURPOSE, expected at most {MAX_PURPOSE}, all printable")
    return text


def _correlation(text: str) -> str:
    if len(text) > MAX_CORRELATION or not (text.isascii() and text.isprintable()):
        raise _invalid(f"got JUMPHOST_CORRELATION_ID, expected printable ASCII, at most {MAX_CORRELATION} characters")
    return text


def _wait(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 8 and int(text) <= MAX_WAIT_S):
        raise _invalid(f"got JUMPHOST_WAIT={text[:16]!r}, expected seconds from 0 to {MAX_WAIT_S}")
    return int(text)


def _choice(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise _invalid(f"got {PREFIX}{name}={text[:16]!r}, expected {' or '.join(choices)}")
    return text


def _invalid(message: str) -> Refused:
    return Refused(Code.REQUEST_INVALID, message)
