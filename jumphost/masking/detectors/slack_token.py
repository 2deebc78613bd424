"""Slack tokens and the secret part of webhook addresses. https://docs.slack.dev/authentication/tokens"""

import re
from dataclasses import replace
from typing import Final

from jumphost.masking.detectors.base import Answer, Hold, Latch, Match, Trigger, end_of, fill, latch, run, token

_TOKEN: Final = token(
    "slack_token", ("xox[abceoprs]-", "xoxe\\.xox[bp]-", "xapp-"), "0-9A-Za-z.-", 12, examples=(), near_misses=()
)
_HOOK: Final = Trigger("hooks.slack.com/services/", held=False)
_PATH: Final = run("0-9A-Za-z/_-")
_PATH_LEAST: Final = 20
_TEAM: Final = re.compile(rb"T[0-9A-Z]{5,12}+/B")


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    if not buffer.startswith(b"hooks", at):
        return _TOKEN.confirm(buffer, at, final)
    start = at + len(_HOOK.elements)
    end = end_of(_PATH, buffer, start)
    if end - start < _PATH_LEAST:
        return Hold(start) if end == len(buffer) and not final else None
    if not _TEAM.match(buffer, start):
        return None
    return Match(start, end) if end < len(buffer) or final else Latch(start, end, latch(_PATH))


DETECTOR = replace(
    _TOKEN,
    triggers=(*_TOKEN.triggers, _HOOK),
    confirm=_confirm,
    examples=(
        b"SLACK=xoxb-576482813360-0635695965980-" + fill(24),
        b"'xoxp-" + fill(40) + b"'",
        b"xapp-1-A02-" + fill(60) + b" ",
        b"xoxe.xoxp-1-" + fill(60),
        b"https://hooks.slack.com/services/T0ABC12DE/B0XYZ98GH/" + fill(24) + b"\n",
    ),
    near_misses=(
        b"xoxb-short",
        b"xoxz-" + fill(40),
        b"axoxb-" + fill(40),
        b"https://hooks.slack.com/services/new",
        b"xoxb-" + b"x" * 40,
        b"https://slack.com/services/T0ABC12DE/B0XYZ98GH/",
    ),
)
