"""OpenAI keys: of projects, service accounts and administrators, and the older kind with its fixed middle.

https://platform.openai.com/docs/api-reference/authentication
"""

import re
from dataclasses import replace
from typing import Final

from jumphost.masking.detectors.base import WORD, Answer, Hold, Match, Trigger, fill, token

_NEW: Final = token(
    "openai_key", ("sk-proj-", "sk-svcacct-", "sk-admin-"), "0-9A-Za-z_-", 40, examples=(), near_misses=()
)
_OLD_LENGTH: Final = 48
_OLD: Final = re.compile(rb"sk-([0-9A-Za-z]{48})(?![0-9A-Za-z_-])")
_OLD_UNFINISHED: Final = re.compile(rb"sk-[0-9A-Za-z]{0,48}+\Z")
_DISTINCT: Final = 12


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    ahead = buffer[at : at + 3 + _OLD_LENGTH + 1]
    if not final and _OLD_UNFINISHED.match(ahead):
        return Hold(at)
    match = _OLD.match(ahead)
    if match and len(set(match[1])) >= _DISTINCT:
        return Match(at, at + match.end())
    return _NEW.confirm(buffer, at, final)


DETECTOR = replace(
    _NEW,
    triggers=(*_NEW.triggers, Trigger("sk-[0-9A-Za-z]{20}", before=WORD, strong=7)),
    confirm=_confirm,
    limit=max(_NEW.limit, 3 + _OLD_LENGTH + 1),
    examples=(
        b"OPENAI_API_KEY=sk-proj-" + fill(120),
        b"'sk-svcacct-" + fill(120) + b"'",
        b"sk-admin-" + fill(60) + b"\n",
        b"sk-" + fill(20) + b"T3BlbkFJ" + fill(20),
        b"key: sk-" + fill(48) + b",",
    ),
    near_misses=(
        b"sk-proj-" + fill(20),
        b"sk-" + fill(47),
        b"sk-" + fill(49),
        b"task-" + fill(48),
        b"sk-" + b"ab" * 24,
        b"sk-proj-" + b"x" * 40,
    ),
)
