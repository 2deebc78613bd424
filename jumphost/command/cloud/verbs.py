"""aws, gcloud and az: their verbs are thousands, in no table; what the words themselves show is taken.

All three find their global flags wherever they stand, and no word that is one is ever the value of another flag.
Global flags from ``aws help`` (1.45.11, and of version 2), ``gcloud help`` and the manual of az.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from msgspec.structs import replace

from jumphost.command.cloud.tool import UNKNOWN, Fields, fields_of, unread
from jumphost.model.request import Cloud


@dataclass(frozen=True, slots=True)
class _Globals:
    """The global flags of a program."""

    fields: Fields
    bare: frozenset[str]
    valued: frozenset[str]
    hiding: frozenset[str] = frozenset()  # behind which nothing is sure


_AWS: Final = _Globals(
    fields={
        "--region": ("region", ""),
        "--profile": ("account", "profile:"),
        "--endpoint-url": ("context", "server:"),
    },
    bare=frozenset(["--debug", "--no-verify-ssl", "--no-paginate", "--no-cli-pager", "--no-cli-auto-prompt"]),
    valued=frozenset(
        [
            "--output",
            "--query",
            "--color",
            "--ca-bundle",
            "--cli-read-timeout",
            "--cli-connect-timeout",
            "--cli-binary-format",
        ]
    ),
    hiding=frozenset({"--no-sign-request"}),
)
_GCLOUD: Final = _Globals(
    fields={
        "--account": ("account", "user:"),
        "--impersonate-service-account": ("account", "as:"),
        "--access-token-file": ("account", "token"),
        "--project": ("context", "project:"),
        "--configuration": ("context", "configuration:"),
        "--region": ("region", ""),
        "--zone": ("region", ""),
        "--location": ("region", ""),
        "--namespace": ("namespace", ""),
    },
    bare=frozenset(["--quiet", "-q", "--log-http", "--uri"]),
    valued=frozenset(["--format", "--verbosity", "--filter", "--limit", "--page-size", "--sort-by", "--flatten"]),
    hiding=frozenset({"--flags-file"}),
)
_AZ: Final = _Globals(
    fields={
        "--subscription": ("context", "subscription:"),
        "--resource-group": ("namespace", ""),
        "-g": ("namespace", ""),
        "--location": ("region", ""),
        "-l": ("region", ""),
    },
    bare=frozenset(["--debug", "--verbose", "--only-show-errors", "--yes", "-y", "--no-wait"]),
    valued=frozenset(["--output", "-o", "--query", "--name", "-n", "--ids"]),
)
READERS: Final[Mapping[str, _Globals]] = {"aws": _AWS, "az": _AZ, "gcloud": _GCLOUD}
_NAMING: Final = frozenset({"--name", "-n", "--ids"})  # whose values are resources
_ADDRESS = re.compile(r"(?:s3|gs|arn):.+")
_ALONE: Final = frozenset({"info", "init", "login", "logout", "version"})  # whole verbs of gcloud and az
_ACTIONS: Final = frozenset(  # the last word of a verb
    {
        *("abandon-instances", "activate", "add", "add-iam-policy-binding", "apply", "attach", "cancel", "clone"),
        *("connect", "copy", "cp", "create", "deactivate", "delete", "deploy", "describe", "destroy", "detach"),
        *("disable", "download", "enable", "execute", "export", "failover", "get", "get-credentials"),
        *("get-iam-policy", "get-value", "import", "invoke", "list", "login", "logout", "ls", "move", "mv"),
        *("patch", "promote", "purge", "read", "redeploy", "remove", "remove-iam-policy-binding", "reset"),
        *("resize", "restart", "restore", "resume", "revoke", "rm", "rollback", "rotate", "run", "scale", "set"),
        *("set-iam-policy", "show", "ssh", "start", "stop", "submit", "suspend", "tail", "undelete", "unset"),
        *("update", "upload", "wait"),
    }
)


@dataclass(slots=True)
class _Words:
    """What the words say."""

    operands: list[str] = field(default_factory=list)  # before the first flag that is not known
    said: dict[str, str] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    sure: bool = True  # of the global flags
    all: bool = True  # of the resources


def read(start: Cloud, words: Sequence[str], *, whole: bool) -> Cloud:
    """The call that ``words`` make, which are all words if it is ``whole``."""
    flags = READERS[start.tool]
    found = _words(flags, words)
    verb = _aws_verb(found.operands) if start.tool == "aws" else _grouped_verb(found.operands)
    resources = (*(found.operands[len(verb) :] if verb else ()), *found.named)
    more = () if verb and found.all else (UNKNOWN,)
    call = replace(start, verb=verb, resources=resources, **fields_of(flags.fields, found.said.items()))
    return replace(call, resources=(*resources, *more)) if whole and found.sure else unread(call)


def _words(flags: _Globals, words: Sequence[str]) -> _Words:
    found, globals_ = _Words(), {*flags.fields, *flags.valued, *flags.bare, *flags.hiding}
    rest = iter(tuple(takewhile(lambda word: word != "--", words)))
    for word in rest:
        flag, equals, value = word.partition("=")
        if not word.startswith("-"):
            if _ADDRESS.fullmatch(word) and not found.all:
                found.named.append(word)
            elif found.all:
                found.operands.append(word)
        elif flag in flags.fields or flag in flags.valued:
            value = value if equals else next(rest, "")
            found.said[flag] = value
            found.named += [value] if flag in _NAMING else []
        elif word not in flags.bare:
            found.all = False
            found.sure &= flag not in flags.hiding and not any(known.startswith(flag) for known in globals_)
    return found


def _aws_verb(operands: Sequence[str]) -> tuple[str, ...]:
    """SERVICE OPERATION."""
    return tuple(operands[:2]) if len(operands) > 1 else ()


def _grouped_verb(operands: Sequence[str]) -> tuple[str, ...]:
    """GROUP … ACTION: only an action that is known shows where the verb ends."""
    if operands and operands[0] in _ALONE:
        return (operands[0],)
    end = next((number for number, word in enumerate(operands) if number and word in _ACTIONS), None)
    return tuple(operands[: end + 1]) if end else ()
