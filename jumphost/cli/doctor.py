"""``jumphost doctor``: whatever keeps a gateway from working, and what to do about it."""

import asyncio
from typing import Annotated

import typer

from jumphost import log
from jumphost.cli import checkup
from jumphost.cli.common import FOUND, JsonOption, SiteOption, emit, open_site, out, printable
from jumphost.cli.config import row

app = typer.Typer(
    help="Look for whatever keeps a gateway from working, and say what to do.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def doctor(
    targets: Annotated[bool, typer.Option("--targets", help="Also see whether every target answers.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at files, keys, disks, clock, journal, policy, signer and the running gateway; exit 1 if anything is found.

    Nothing is changed. A gateway may be running or not.
    """
    log.configure("error", "console")
    findings = asyncio.run(checkup.everything(open_site(site), targets=targets))

    def text() -> None:
        for name, problems in findings.items():
            out.print(f"{'[red]found[/]' if problems else '[green]ok[/]   '}  {name}")
            for problem in problems:
                out.print(
                    f"       {printable(str(problem))}"
                    + (f"\n       do: {printable(problem.fix)}" if problem.fix else "")
                )

    emit([row(problem) for problems in findings.values() for problem in problems], as_json=as_json, text=text)
    raise typer.Exit(FOUND if any(findings.values()) else 0)
