"""A secret leaves by ``reveal`` alone, and only a few places call it."""

import ast
import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import jumphost
from jumphost.secret import Secret

PACKAGE = Path(jumphost.__file__).parent
MAY_REVEAL = {
    "testing",  # its clients log in as commands do
    "credential",
    "target",
    "signer",
    "policy/opa",
    "identity",
    "cli/purchase.py",
    "gateway/maskers.py",
}  # that use secrets
CANARY = "canary"


@dataclasses.dataclass
class Holder:
    """Something that a secret is a field of."""

    secret: object


def test_reveal_gives_the_bytes() -> None:
    assert Secret(CANARY.encode()).reveal() == CANARY.encode()


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{!r:>40}".format,
        "{:x}".format,
        "%s".__mod__,
        lambda secret: repr([secret]),
        lambda secret: repr(Holder(secret)),
        lambda secret: str(ValueError(secret)),
    ],
)
def test_no_text_form_has_it(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(CANARY.encode()))
    assert "Secret(…)" in shown
    assert CANARY not in shown


@pytest.mark.parametrize(
    "act",
    [
        hash,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        msgspec.json.encode,
        msgspec.to_builtins,
        bytes,
        vars,
        lambda secret: dataclasses.asdict(Holder(secret)),
        lambda secret: secret == Secret(CANARY.encode()),
        lambda secret: secret != secret,
        lambda secret: secret in {CANARY},
        lambda secret: setattr(secret, "note", "a place for a copy"),
    ],
)
def test_what_would_copy_or_compare_it_fails_and_does_not_say_it(act: Callable[[Secret], object]) -> None:
    with pytest.raises((TypeError, AttributeError)) as caught:
        act(Secret(CANARY.encode()))
    assert CANARY not in str(caught.value)


def test_reveal_is_called_only_where_secrets_are_used() -> None:
    calling = {
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "reveal"
    }
    assert {str(path) for path in calling if not any(map(path.is_relative_to, MAY_REVEAL))} == set()
