"""``jumphost serve``: the gateway of a site."""

import asyncio
import gc
import json
import os
from typing import Annotated, Any

import typer

from jumphost import app as gateway
from jumphost import log, registry
from jumphost.child import seclude
from jumphost.cli.common import JsonOption, SiteOption, open_site

app = typer.Typer(help="Run the gateway of a site.", rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def serve(
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="Start though the journal has events later than now: I looked.")
    ] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the gateway of a site until SIGTERM; prints one JSON line when it accepts connections."""
    os.environ.setdefault("LOGNAME", "jumphost")  # asyncssh asks for it, and the uid of a container may have no name
    found = open_site(site)
    settings = registry.config(found).settings
    log.configure(settings.log.level, "json" if as_json else settings.log.format)
    seclude()
    gc.freeze()  # modules stay: the collector need not walk them again, which was a tenth of the CPU of a command
    asyncio.run(gateway.serve(found, ready=_say, clock_is_right=clock_is_right))


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)
