"""``jumphost profile``: what is known of programs, and whether files of profiles hold what they promise."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from jumphost.cli.common import FOUND, JsonOption, SiteOption, emit, err, noun, open_site, out, printable, table, usage
from jumphost.command.facts import analyse
from jumphost.command.profiled.examples import failures
from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.match import match
from jumphost.command.profiled.profile import Form, Profile
from jumphost.config.load import load_site
from jumphost.errors import Problem
from jumphost.policy import profiles

app = noun("Argv profiles: what is known of the programs that commands call.")


@app.command()
def lint(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH…", help="Files or folders; else the shipped.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read profiles strictly and try their examples. Exit status: 1 if anything is wrong."""
    problems: list[Problem] = []
    found: dict[str, Profile] = {}
    for path in paths or [profiles.shipped_folder()]:
        profiles.merge(found, profiles.load(path, problems).values(), problems)
    problems += tried(found)
    problems.sort(key=lambda one: (one.file, one.line, one.message))
    listed = [
        {"file": one.file, "line": one.line, "key": one.key, "code": one.code, "message": one.message, "fix": one.fix}
        for one in problems
    ]

    def text() -> None:
        for one in problems:
            out.print(printable(f"{one} ({one.code})"))
        err.print(
            f"{len(found)} profiles, {len(problems)} found" if problems else f"{len(found)} profiles, nothing found"
        )

    emit(listed, as_json=as_json, text=text)
    raise typer.Exit(FOUND if problems else 0)


def tried(found: Mapping[str, Profile]) -> list[Problem]:
    """What the examples of profiles say otherwise than the matcher."""
    grammars = Grammars(found)
    return [
        Problem(one.file, one.line, one.program, message, code="schema.example")
        for one in found.values()
        for message in failures(one, grammars)
    ]


@app.command()
def show(
    program: Annotated[str, typer.Argument(metavar="PROGRAM")], site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Show the profile of a program: its flags, operands, verbs and effects."""
    known = _known(site).get(program)
    if known is None:
        usage(f"got {program}, expected a program that has a profile")
    emit(known, as_json=as_json, text=lambda: _print_profile(known))


@app.command(name="try")
def attempt(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND", help="Words are joined as ssh does.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say of each call in a command which profile it has, and why it does not match. Exit status: 1 if one does not."""
    grammars = Grammars(_known(site))
    read = analyse(" ".join(command).encode(), profiles=grammars)
    if not read.commands:
        usage(f"got no command that can be read ({', '.join(read.opaque)}), expected one")
    calls = []
    for one in read.commands:
        found = match(one, grammars, read.sql, read.http)
        calls.append(
            {
                "program": one.program,
                "profile": msgspec.to_builtins(found.profile),
                "why": found.why,
                "reads": found.reads,
                "writes": found.writes,
                "deletes": found.deletes,
                "known": found.known,
            }
        )

    def text() -> None:
        rows = [[one["program"], "matched" if not one["why"] else "no match", _said(one)] for one in calls]
        table(["program", "", "because, or effects"], rows)

    emit({"tier": read.tier, "calls": calls}, as_json=as_json, text=text)
    raise typer.Exit(FOUND if any(one["why"] for one in calls) else 0)


def _known(given: Path | None) -> Mapping[str, Profile]:
    """The shipped profiles and, where there is a site, those of its bundle."""
    if given is None and "JUMPHOST_SITE" not in os.environ and not Path("jumphost.yaml").is_file():
        return profiles.shipped()
    site = open_site(given)
    return profiles.with_shipped(site.resolve(load_site(site).settings.policy.bundle))


def _said(call: Mapping[str, Any]) -> str:
    return call["why"] or ", ".join(call["profile"]["effects"]) or "no effects"


def _print_profile(known: Profile) -> None:
    out.print(printable(f"{known.program}: {known.summary}"))
    origin = f"verified: {known.source}" if known.verified else "not verified"
    out.print(printable(f"{known.file}:{known.line}, {origin}"), style="dim")
    table(
        ["form", "flags", "operands", "effects"], [row for form in known.forms for row in _rows(form, [known.program])]
    )


def _rows(form: Form, words: Sequence[str]) -> Iterator[list[str]]:
    """A line of each form in which a program may be called, by its verbs."""
    if form.bare or not form.verbs:
        flags = " ".join(flag.names[0] for flag in form.flags)
        operands = " ".join(f"{one.check.name}{one.many}" for one in form.operands)
        derived = [f"by its {form.effects_from}"] if form.effects_from else []
        effects = " ".join((*form.effects, *derived, *(f"unless it only reads: {one}" for one in form.unless_read)))
        yield [" ".join(words), flags, operands, effects]
    for verb, under in form.verbs.items():
        yield from _rows(under, [*words, verb])
