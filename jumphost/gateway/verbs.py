"""The gateway's own verbs, asked over SSH as the login ``jumphost`` (CONTRACTS §2): ``ssh jumphost@GATEWAY whoami``."""

import json
from collections.abc import Callable

import msgspec

from jumphost.errors import Code, Refused
from jumphost.model.identity import Caller

LOGIN = "jumphost"


def answer(caller: Caller, raw: bytes) -> bytes:
    """What a verb prints; Refused (request.invalid) for an unknown one or words it does not take."""
    words = raw.decode("utf-8", "backslashreplace").split()
    verb = words[0] if words else ""
    if verb not in _VERBS or words[1:]:
        raise Refused(Code.REQUEST_INVALID, f"got {verb!r} with {len(words[1:])} words, expected {' or '.join(_VERBS)}")
    return _VERBS[verb](caller).encode() + b"\n"


def _whoami(caller: Caller) -> str:
    return json.dumps(msgspec.to_builtins(caller.identity), indent=2)


_VERBS: dict[str, Callable[[Caller], str]] = {"whoami": _whoami}
