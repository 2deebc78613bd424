"""What every command shares: where the site is, how results are printed, how errors end."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from jumphost.config.site import Site
from jumphost.errors import JumphostError, Problems, status_of

USAGE = 2
FOUND = 1  # a check, verify or test that found something

SiteOption = Annotated[
    Path | None,
    typer.Option("--site", help="The site's directory; else JUMPHOST_SITE, else here if jumphost.yaml is here."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def noun(help_text: str) -> typer.Typer:
    """A group of commands about one noun."""
    return typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def open_site(given: Path | None) -> Site:
    """The site that a command is about; ends with status 2 if there is none."""
    root = given or (Path(env) if (env := os.environ.get("JUMPHOST_SITE")) else Path.cwd())
    site = Site(root.resolve())
    if not site.settings.is_file():
        usage(f"got no jumphost.yaml in {root}, expected a site: use --site DIR, or make one with `jumphost init DIR`")
    return site


def usage(message: str) -> NoReturn:
    """Ends the command with status 2 and one line."""
    print(f"jumphost: {message}", file=sys.stderr)
    raise typer.Exit(USAGE)


def to_json(value: Any) -> str:
    """JSON text of builtins and Structs."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def emit(value: Any, *, as_json: bool, text: Callable[[], None]) -> None:
    """Prints ``value`` as JSON, or calls ``text`` to print it for a person."""
    if as_json:
        print(to_json(value))
    else:
        text()


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints rows for a person, each on one line however long, so that ids stay whole; every cell is escaped."""
    cells = [[escaped(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        line = "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if line:
            out.print(Text(line, style="" if number else "bold"))


def escaped(text: str, *, keep: str = "") -> str:
    """Text of others without control, bidi and other invisible characters, but for those in ``keep``."""
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text)


def printable(text: str) -> str:
    """Text of others made safe to print through rich: as :func:`escaped`, and nothing in it is markup."""
    return escape(escaped(text))


def report(error: JumphostError) -> int:
    """Prints an error for a person, who may see its detail, and gives the exit status that goes with it."""
    if isinstance(error, Problems):
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return FOUND
    print(f"jumphost: {error}{f' ({error.detail})' if error.detail else ''}", file=sys.stderr)
    return status_of(error.code)
