"""``jumphost explain``: what would be decided on a command, and by which facts; nothing runs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec.structs import replace

from jumphost import log, registry
from jumphost.cli.common import JsonOption, SiteOption, emit, open_site, out, printable, table, to_json, usage
from jumphost.cli.policy import DEADLINE_MS, decision, lines
from jumphost.clock import Clock, SystemClock
from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Status
from jumphost.gateway import rehearsal
from jumphost.gateway.rehearsal import Ask
from jumphost.model.decision import Judgement, denied
from jumphost.model.request import Command, Request, decode
from jumphost.policy.base import Engine

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

_STATUS = {"allow": Status.OK, "hold": Status.HELD, "deny": Status.DENIED}
_SHARED = ", one login for all commands of a connection"
_STYLE = {"allow": "green", "hold": "yellow", "deny": "red"}


@app.command()
def explain(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- COMMAND", help="Words are joined as ssh does.")
    ] = None,
    identity: Annotated[str, typer.Option("--identity", help="Who asks.")] = "",
    target: Annotated[str, typer.Option("--target", help="Where it would run.")] = "",
    login: Annotated[str, typer.Option("--login", help="As whom; else the target's first login.")] = "",
    now: Annotated[str, typer.Option("--now", help="When: RFC 3339; else now.")] = "",
    stdin: Annotated[Path | None, typer.Option("--stdin", help="A file as standard input.", dir_okay=False)] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Questions on stdin, answers on stdout, one a line.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a command without running it. Exit status: 0 allow, 75 hold, 77 deny."""
    where = open_site(site)
    config = load_site(where)
    if jsonl:
        asyncio.run(_answer_lines(where, config))
        return
    if not (identity and target and command):
        usage("got no question, expected --identity NAME --target NAME -- 'COMMAND'")
    data = stdin.read_bytes() if stdin else None
    ask = Ask(identity, target, " ".join(command), login, None, now)

    async def run() -> Judgement:
        async with _engine(where, config) as engine:
            return await _judge(ask, config, engine, SystemClock(), stdin=data)

    judgement = asyncio.run(run())
    mode = config.targets[target].mode if target in config.targets else ""
    emit({**_whole(judgement), "mode": mode}, as_json=as_json, text=lambda: _print(judgement, mode))
    raise typer.Exit(_STATUS[judgement.verdict.effect])


@asynccontextmanager
async def _engine(site: Site, config: SiteConfig) -> AsyncIterator[Engine]:
    log.configure("error", "console")
    policy = replace(config.settings.policy, workers=1, deadline_ms=DEADLINE_MS)
    engine = await registry.engine(site, replace(config.settings, policy=policy))
    try:
        yield engine
    finally:
        await engine.close()


async def _judge(
    ask: Ask, config: SiteConfig, engine: Engine, clock: Clock, *, stdin: bytes | None = None
) -> Judgement:
    try:
        submission = rehearsal.submission(ask, config, clock, stdin=stdin)
    except Refused as refused:
        return denied(refused.code, refused.message, detail=refused.detail)
    return await engine.judge(submission)


async def _answer_lines(site: Site, config: SiteConfig) -> None:
    clock = SystemClock()
    async with _engine(site, config) as engine:
        for line in lines():
            try:
                ask = msgspec.json.decode(line, type=Ask)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                judgement = denied(Code.REQUEST_INVALID, f"got no question: {error}")
            else:
                judgement = await _judge(ask, config, engine, clock)
            print(to_json(_line(judgement)), flush=True)


def _line(judgement: Judgement) -> dict[str, Any]:
    command = _command(judgement)
    return {
        "effect": judgement.verdict.effect,
        "rules": sorted({rule.id for rule in judgement.verdict.rules}),
        "code": judgement.code,
        "tier": command.tier,
        "opaque": command.opaque,
        "programs": [invocation.program for invocation in command.commands],
        "canonical": command.canonical,
        "request_digest": judgement.request_digest,
    }


def _whole(judgement: Judgement) -> dict[str, Any]:
    return {
        **_line(judgement),
        "message": judgement.message,
        "detail": judgement.detail,
        "decision": decision(judgement),
        "revision": judgement.revision,
        "engine": judgement.engine,
        "request": json.loads(judgement.document or b"null"),
    }


def _command(judgement: Judgement) -> Command:
    return decode(judgement.document).command if judgement.document else Command()


def _print(judgement: Judgement, mode: str) -> None:
    if judgement.document:
        _print_facts(decode(judgement.document), judgement.request_digest, mode)
    effect = judgement.verdict.effect
    out.print(f"[bold {_STYLE[effect]}]{effect}[/]  {printable(judgement.code)}: {printable(judgement.message)}")
    if judgement.detail:
        out.print(printable(f"  {judgement.detail}"))
    if judgement.verdict.rules:
        rules = sorted(judgement.verdict.rules, key=lambda rule: (rule.id, rule.effect))
        table(["rule", "says", "because"], [[rule.id, rule.effect, rule.message] for rule in rules])
    if effect != "deny":
        owed = msgspec.to_builtins(judgement.verdict.obligations)
        table(["obligation", ""], [[name, json.dumps(value)] for name, value in owed.items() if value])
    if judgement.revision:
        out.print(f"policy {judgement.revision}, {judgement.engine}", style="dim")


def _print_facts(request: Request, digest: str, mode: str) -> None:
    command, files = request.command, request.command.files
    rows = [
        ["who", f"{request.identity.name} ({', '.join(request.identity.groups) or 'no groups'})"],
        ["where", f"{request.target.login}@{request.target.name}{_SHARED if mode == 'connection' else ''}"],
        ["when", request.now.rfc3339],
        ["command", command.raw],
        ["read as", f"{command.tier}: {command.canonical}" if command.canonical else command.tier],
        ["programs", ", ".join(one.program for one in command.commands)],
        ["not certain", ", ".join((*command.opaque, *command.dynamic))],
        ["reads", ", ".join(files.read)],
        ["writes", ", ".join(files.write)],
        ["deletes", ", ".join(files.delete)],
        ["environment", ", ".join(command.facts.env_danger)],
        ["stdin", f"{request.stdin.bytes} bytes, sha256 {request.stdin.sha256}" if request.stdin.sha256 else ""],
        ["digest", digest],
    ]
    table(["fact", ""], [row for row in rows if row[1]])
