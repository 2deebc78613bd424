"""``jumphost policy``: check, test and evaluate a bundle without a gateway."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from jumphost import log, registry
from jumphost.cli import policy_engine
from jumphost.cli.common import (
    FOUND,
    JsonOption,
    SiteOption,
    emit,
    err,
    noun,
    open_site,
    out,
    printable,
    to_json,
    usage,
)
from jumphost.clock import SystemClock
from jumphost.config.load import load_site
from jumphost.config.settings import Policy
from jumphost.errors import Problem
from jumphost.gateway import control, rehearsal
from jumphost.model.decision import Judgement
from jumphost.policy import tables
from jumphost.policy.base import Engine, Submission
from jumphost.policy.check import check as find_problems
from jumphost.policy.tables import Outcome, Row

app = noun("The policy bundle: check, test, evaluate.")
app.add_typer(policy_engine.app, name="engine")

DEADLINE_MS = 5000  # of a judgement where nobody waits for it; a site's own deadline is for its callers

EngineOption = Annotated[str, typer.Option("--engine", help="auto, opa or embedded.")]


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Bundles, folders or files.")],
    engine: EngineOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Find everything that is wrong: FILE:LINE, what was got, what was expected."""
    chosen = own_engine(engine)

    async def opa(directory: Path) -> Engine:
        return await registry.local_engine(chosen, directory, None)

    by_opa = engine == "opa"
    problems = asyncio.run(find_problems(paths, opa if by_opa else None, portable=not by_opa))
    found = [
        {"file": one.file, "line": one.line, "code": one.code, "message": one.message, "fix": one.fix}
        for one in problems
    ]

    def text() -> None:
        for one in problems:
            out.print(printable(f"{one} ({one.code})"))
        err.print(f"{len(problems)} found" if problems else "nothing found")

    emit(found, as_json=as_json, text=text)
    raise typer.Exit(FOUND if problems else 0)


@app.command()
def load(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Have the running gateway judge by the bundle on disk; a bad one changes nothing and exits 1."""
    answer = control.call(open_site(site).control_socket, "policy.load")
    loaded, problems = answer["loaded"], [Problem(**one) for one in answer["problems"]]

    def text() -> None:
        for one in problems:
            out.print(printable(f"{one} ({one.code})"))
        if loaded:
            cases = f"{loaded['cases']} cases of its tables hold, {loaded['skipped']} are about others"
            out.print(f"in force: {loaded['revision']} ({cases})")
        else:
            err.print(f"{len(problems)} found: the bundle in force stays")

    emit(answer, as_json=as_json, text=text)
    raise typer.Exit(FOUND if problems else 0)


@app.command(name="test")
def run_tables(site: SiteOption = None, engine: EngineOption = "auto", as_json: JsonOption = False) -> None:
    """Run the decision tables of the site's bundle: tests/decisions/*.yaml."""
    chosen = own_engine(engine)
    config = load_site(where := open_site(site))
    directory = where.resolve(config.settings.policy.bundle)
    cases = tables.load(directory)
    if not cases:
        usage(f"got no cases in {directory / tables.FOLDER}, expected tables: see the README of the policies")
    clock = SystemClock()

    def submit(row: Row) -> Submission:
        ask = rehearsal.Ask(row.identity, row.target, row.run, row.login, row.stdin, row.now, row.purpose)
        return rehearsal.submission(ask, config, clock)

    async def run() -> list[Outcome]:
        asked = await registry.local_engine(chosen, directory, where)
        try:
            return [outcome async for outcome in tables.run(cases, asked, submit)]
        finally:
            await asked.close()

    outcomes = asyncio.run(run())
    failed = [outcome for outcome in outcomes if outcome.differences]
    emit(_summary(outcomes), as_json=as_json, text=lambda: _print(outcomes, failed))
    raise typer.Exit(FOUND if failed else 0)


@app.command(name="eval")
def evaluate(
    engine: EngineOption = "embedded",
    directory: Annotated[
        Path | None, typer.Option("--bundle", help="The bundle; else that of the site.", file_okay=False)
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Request documents on stdin, decisions on stdout.")] = False,
    site: SiteOption = None,
) -> None:
    """Judge whole request documents: one JSON document a line in, one decision a line out, in the same order."""
    chosen = own_engine(engine)
    if not jsonl:
        usage("got no --jsonl, expected it: documents are read line by line from stdin")
    where = None
    if directory is None:
        where = open_site(site)
        directory = where.resolve(load_site(where).settings.policy.bundle)

    async def run(directory: Path) -> None:
        asked = await registry.local_engine(chosen, directory, where)
        try:
            for line in lines():
                print(to_json(decision(await asked.judge_document(line))), flush=True)
        finally:
            await asked.close()

    asyncio.run(run(directory))


def own_engine(name: str) -> Policy:
    """The settings of an engine that is started for a command; ends it with status 2 if there is none of that name."""
    if name not in ("auto", "opa", "embedded"):
        usage(f"got --engine {name}, expected auto, opa or embedded")
    log.configure("error", "console")
    return Policy(engine=name, workers=1, deadline_ms=DEADLINE_MS)  # type: ignore[arg-type]  # just checked


def lines() -> Iterator[bytes]:
    """The lines of stdin that are not empty."""
    for line in sys.stdin.buffer:
        if line.strip():
            yield line


def decision(judgement: Judgement) -> dict[str, object]:
    """A decision document with the code and message that go with it."""
    verdict = judgement.verdict
    rules = sorted(verdict.rules, key=lambda rule: (rule.id, rule.effect))
    return {
        "effect": verdict.effect,
        "rules": rules,
        "obligations": verdict.obligations,
        "code": judgement.code,
        "message": judgement.message,
    }


def _summary(outcomes: list[Outcome]) -> dict[str, object]:
    return {
        "passed": sum(not outcome.differences for outcome in outcomes),
        "failed": sum(bool(outcome.differences) for outcome in outcomes),
        "cases": [
            {
                "name": outcome.case.row.name,
                "file": outcome.case.file,
                "line": outcome.case.line,
                "ok": not outcome.differences,
                "got": {"effect": outcome.effect, "code": outcome.code, "rules": outcome.rules},
                "differences": outcome.differences,
            }
            for outcome in outcomes
        ],
    }


def _print(outcomes: list[Outcome], failed: list[Outcome]) -> None:
    for outcome in failed:
        row = outcome.case.row
        out.print(printable(f"{outcome.case.file}:{outcome.case.line}: {row.name}"), style="red")
        out.print(printable(f"    {row.identity} on {row.target}: {row.run}"))
        for difference in outcome.differences:
            out.print(printable(f"    {difference}"))
    out.print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
