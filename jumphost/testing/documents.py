"""Random request documents, total and normalised: what real commands make, and any that the schema allows."""

import json
import random
from collections.abc import Mapping
from typing import Any

import msgspec

from jumphost.model.identity import Identity
from jumphost.model.request import Request, TargetView
from jumphost.policy import document
from jumphost.testing.policies import submission

_SCHEMA: dict[str, Any] = msgspec.json.schema(Request)
_PROGRAMS = ("df", "uptime", "echo", "psql", "pg_dump", "dropdb", "rm", "/bin/rm", "dd", "tee", "cat", "wc", "id")
_WORDS = (
    "-h",
    "-rf",
    "-X",
    "-c",
    "select 1",
    "drop table x",
    "/etc/shadow",
    "/srv/backup/nightly.sql",
    "a b",
    "'",
    "é",
)
_LISTED = (["df", "-h"], ["uptime"], ["dropdb", "x"], ["pg_dump", "x"], ["psql", "-X", "-c", "drop table x"])
_TEXTS = (
    *_PROGRAMS,
    *_WORDS,
    "",
    "exec",
    "line",
    "shell",
    "literal",
    "structured",
    "readonly",
    "payments",
    "dev",
    "prod",
)
_NAMES = ("readonly", "payments", "deploy", "backup")
_KEYS = ("env", "data", "x")


def built(dice: random.Random) -> dict[str, Any]:
    """The document of a command line by one of the example's identities."""
    stages = [" ".join(map(_quoted, _argv(dice))) for _ in range(dice.choice((1, 1, 1, 2)))]
    raw = dice.choice((" | ", "; ", " && ")).join(stages) + dice.choice(("", "", "", " > out", " &"))
    asked = submission(
        raw.encode(),
        identity=Identity(
            name=dice.choice(_NAMES), owner="o", issuer="main", groups=tuple(dice.sample(_NAMES, dice.randint(0, 2)))
        ),
        target=TargetView(name="t", kind="ssh", login="app", labels=_labels(dice)),
    )
    made: dict[str, Any] = json.loads(document.build(asked).body)
    return made


def random_total(dice: random.Random) -> dict[str, Any]:
    """Every key of the schema with a value of its type."""
    made: dict[str, Any] = _value(dice, _SCHEMA)
    made["operation"] = dice.choice(("exec", "exec", "line", "shell", "sftp.read"))
    made["target"]["labels"] = _labels(dice)
    return made


def _value(dice: random.Random, schema: Mapping[str, Any]) -> Any:
    while "$ref" in schema:
        schema = _SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        return {name: _value(dice, inside) for name, inside in schema["properties"].items()}
    if kind == "object":
        inside = schema.get("additionalProperties")
        inside = inside if isinstance(inside, dict) else {"type": "string"}
        return {name: _value(dice, inside) for name in dice.sample(_KEYS, dice.randint(0, 2))}
    if kind == "array":
        return [_value(dice, schema["items"]) for _ in range(dice.choice((0, 0, 1, 1, 2)))]
    choices = {"integer": (0, 1, 22), "boolean": (True, False)}
    return dice.choice(choices.get(str(kind), _TEXTS))


def _labels(dice: random.Random) -> dict[str, str]:
    likely: dict[str, str] = dice.choice(({"env": "dev"}, {"env": "prod", "data": "payments"}))
    return likely if dice.random() < 0.7 else {name: dice.choice(("dev", "prod", "payments")) for name in _KEYS[:2]}


def _argv(dice: random.Random) -> list[str]:
    if dice.random() < 0.5:
        return dice.choice(_LISTED)
    return [dice.choice(_PROGRAMS), *dice.choices(_WORDS, k=dice.randint(0, 4))]


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'" if set(word) & set(" '") else word
