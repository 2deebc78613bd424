"""``jumphost init``: a new site."""

from pathlib import Path
from typing import Annotated

import typer

from jumphost.cli.common import JsonOption, emit, noun, usage
from jumphost.config.create import LISTEN, create_site
from jumphost.config.settings import address

app = noun("Write a new site, ready to serve.")


@app.command("init")
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
    listen: Annotated[
        str, typer.Option(metavar="ADDR:PORT", help="Where it accepts SSH; port 0: a free one.")
    ] = LISTEN,
    example: Annotated[bool, typer.Option("--example", help="Add what the starter policies speak of.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a new site, ready to serve: settings, keys, two CAs and a starter policy. Nothing is ever overwritten."""
    try:
        address(listen)
    except ValueError as error:
        usage(f"--listen: {error}")
    site = create_site(directory, listen=listen, example=example)

    def text() -> None:
        print(f"wrote {site.root}")
        if example:
            print(f"the example approvers' private keys are in {site.root / 'example'}: for trying out, not for people")
        print(f"next: jumphost serve --site {directory}")

    emit({"site": str(site.root), "listen": listen, "example": example}, as_json=as_json, text=text)
