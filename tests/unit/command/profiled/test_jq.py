"""Filters of jq that do nothing but compute."""

import pytest

from jumphost.command.profiled.jq import is_plain


@pytest.mark.parametrize(
    "text",
    [
        ".",
        ".items[].metadata.name",
        'map(select(.status == "Running")) | length',
        ".spec.containers[].env",
        ".[] | .env.name",
        ".ENV",
        '"\\(.name) \\(.age)"',
        "to_entries | map(.value.debug)",
        "environment",
        "",
    ],
)
def test_what_computes_from_its_input_is_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize(
    "text",
    [
        "env",
        "env.PATH",
        "$ENV.PATH",
        "$ ENV",
        "$__prog_args",
        '"\\(env)"',
        "..env",
        ". env",
        "{env}",
        "input_filename",
        'import "a" as a; .',
        'include "a"; .',
        "debug",
        ".|stderr",
        "halt_error",
        "modulemeta",
        "get_search_list",
        "-n",
    ],
)
def test_what_looks_elsewhere_is_not(text: str) -> None:
    assert not is_plain(text)
