"""``jumphost approver``: the people who answer holds."""

from pathlib import Path
from typing import Annotated

import typer

from jumphost.cli.common import JsonOption, SiteOption, emit, noun, open_site, table, usage
from jumphost.cli.reload import sentence, tell_gateway
from jumphost.config import files
from jumphost.config.edit import append_entry
from jumphost.config.load import load_approvers, trial
from jumphost.sshkey import read_line

app = noun("Approvers: the people who answer holds.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    key: Annotated[list[Path], typer.Option(metavar="FILE.pub", help="A public key of this person; more than once.")],
    group: Annotated[
        list[str] | None, typer.Option(metavar="G", help="A group they answer for; more than once.")
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a person to approvers.yaml; a running gateway knows at once."""
    place = open_site(site)
    try:
        keys = [files.read_public(path) for path in key]
    except ValueError as error:
        usage(f"--key: {error}")
    entry = {"groups": group or [], "keys": [f"{one.line} {one.comment}".rstrip() for one in keys]}
    append_entry(place.approvers, name, entry, check=trial(place, place.approvers))
    done = f"added {name} to {place.approvers}"
    running = tell_gateway(place, done)
    emit({"name": name, **entry, "gateway": running}, as_json=as_json, text=lambda: print(sentence(done, running)))


@app.command("list")
def show(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the people of approvers.yaml."""
    people = load_approvers(open_site(site).approvers)
    rows = [
        (name, ", ".join(one.groups), ", ".join(read_line(key).fingerprint for key in one.keys))
        for name, one in people.items()
    ]
    emit(
        [{"name": name, "groups": one.groups, "keys": one.keys} for name, one in people.items()],
        as_json=as_json,
        text=lambda: table(("approver", "groups", "keys"), rows),
    )
