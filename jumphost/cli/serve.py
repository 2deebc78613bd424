"""``jumphost serve``: the gateway of a site."""

import asyncio
import json
import logging
import os
import sys

import structlog
import typer

from jumphost import app as gateway
from jumphost.cli.common import JsonOption, SiteOption, open_site
from jumphost.config.load import load_site
from jumphost.config.settings import Log

app = typer.Typer(help="Run the gateway of a site.", rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def serve(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Run the gateway of a site until SIGTERM; prints one JSON line when it accepts connections."""
    os.environ.setdefault("LOGNAME", "jumphost")  # asyncssh asks for it, and the uid of a container may have no name
    found = open_site(site)
    settings = load_site(found).settings
    _log(Log(level=settings.log.level, format="json") if as_json else settings.log)
    asyncio.run(gateway.serve(found, ready=lambda line: print(json.dumps(line), flush=True)))


def _log(wanted: Log) -> None:
    """The operator's log on stderr; exceptions without their locals, so that no value of ours can stand in it."""
    level = logging.getLevelNamesMapping()[wanted.level.upper()]
    plain = wanted.format == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if plain else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s")
