"""``jumphost config``: whether the files of a site are right."""

import asyncio
from typing import Any

import typer

from jumphost import registry
from jumphost.cli.common import FOUND, JsonOption, SiteOption, emit, noun, open_site
from jumphost.config import files
from jumphost.config.load import load_targets
from jumphost.config.site import Site
from jumphost.errors import Problem, Problems

app = noun("Check the files of a site.")


@app.callback()
def _config() -> None:
    """Check the files of a site."""


@app.command()
def check(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Name everything that is wrong in a site's files, in one run; exit 1 if anything is."""
    place = open_site(site)
    problems = look(place) or asyncio.run(registry.unfit(place, load_targets(place.targets)))

    def text() -> None:
        for problem in problems:
            print(problem)
        if not problems:
            print(f"{place.root}: no problems")

    emit([row(problem) for problem in problems], as_json=as_json, text=text)
    raise typer.Exit(FOUND if problems else 0)


def look(site: Site) -> list[Problem]:
    """What is wrong in a site's files, and what is missing of them."""
    absent = files.missing(site)
    try:
        registry.config(site)
    except Problems as found:
        return [*found.problems, *absent]
    return absent


def row(problem: Problem) -> dict[str, Any]:
    """A finding as JSON."""
    return {name: getattr(problem, name) for name in ("file", "line", "key", "code", "message", "fix")}
