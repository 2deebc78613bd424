"""Random sets of verdicts, right and malformed: the embedded engine decides as OPA does, and strictly readable."""

import json
import random
from pathlib import Path

import pytest

from jumphost.model.decision import read_verdict
from jumphost.testing.rego import WITHOUT_OPA, Embedded, Opa, modules_under, opa_installed

LIBRARY = Path(__file__).parents[2] / "rego" / "jumphost"
OWNERS = ("alpha", "beta", "gamma")
EFFECTS = ("allow", "deny", "hold")
MODULES = modules_under(LIBRARY) | {
    f"{owner}.rego": f"package policies.rules.{owner}.speaker\nimport rego.v1\nimport future.keywords.not\n"
    + "".join(f"{effect} contains one if some one in input.rules.{owner}.{effect}\n" for effect in EFFECTS)
    for owner in OWNERS
}
RUBBISH = [None, True, 0, 1.5, "x", "", [], {}, [None], {"x": 1}]
STRATEGIES = ["redact", "label", "pseudonym", "partial"]
OBLIGATIONS = {
    "record": lambda dice: dice.choice(["output", "io", "digest"]),
    "stdin": lambda dice: dice.choice(["closed", "judge", "stream"]),
    "env": lambda dice: dice.sample(["A", "B", "C"], dice.randint(0, 3)),
    "limits": lambda dice: some(
        dice, timeout_s=dice.randint(1, 3), output_bytes=dice.randint(1, 3), on_expiry=dice.choice(["cut", "finish"])
    ),
    "credential": lambda dice: {"name": dice.choice("xy"), "ttl_s": 60},
    "mask": lambda dice: some(
        dice,
        detectors={dice.choice(["*", "iban", "email"]): dice.choice(STRATEGIES) for _ in range(2)},
        columns={dice.choice(["pan", "p*"]): dice.choice(STRATEGIES)},
        mode=dice.choice(["enforce", "detect"]),
    ),
}


def some(dice, **items):
    return {name: value for name, value in items.items() if dice.random() < 0.6}


def terms(dice):
    return [
        {
            "groups": dice.sample(["dba", "security", "ops"], dice.randint(1, 3)),
            "count": dice.randint(1, 2),
            "ttl_s": 60,
        }
        for _ in range(dice.randint(1, 2))
    ]


def member(dice, effect):
    obligations = some(dice, **{name: make(dice) for name, make in OBLIGATIONS.items()})
    if effect == "hold":
        obligations["approval"] = terms(dice)
    verdict = {"id": dice.choice("abc"), "message": dice.choice(["", "because"]), "obligations": obligations}
    if dice.random() < 0.04:
        place = dice.choice([verdict, obligations])
        place[dice.choice(["id", "message", "obligations", "record", "approval", "more"])] = dice.choice(RUBBISH)
    return verdict


def document(dice):
    weights = {"allow": 0.5, "hold": 0.25, "deny": 0.06}
    rules = {
        owner: {effect: [member(dice, effect)] for effect in EFFECTS if dice.random() < weights[effect]}
        for owner in OWNERS
    }
    command = {"tier": "literal", "opaque": [], "dynamic": [], "commands": [{}]}
    if dice.random() < 0.05:
        command[dice.choice(list(command))] = dice.choice(["structured", [], ["eval"]])
    return {"operation": "exec", "command": command, "rules": rules}


@pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
def test_engines_agree():
    dice = random.Random(3)
    inputs = [document(dice) for _ in range(1500)]
    answers = [engine(MODULES).ask("data.jumphost.main.decision", inputs) for engine in (Embedded, Opa)]
    effects = set()
    for request, embedded, opa in zip(inputs, *answers, strict=True):
        assert embedded == opa, json.dumps(request)
        effects.add(read_verdict(json.dumps(embedded).encode()).effect)
    assert effects == set(EFFECTS)
