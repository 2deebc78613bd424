"""``jumphost explain``: what would be decided on a command, and by which facts; nothing runs."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec.structs import replace

from jumphost import log, registry
from jumphost.cli.common import JsonOption, SiteOption, emit, open_site, out, printable, table, to_json, usage
from jumphost.cli.factsheet import facts
from jumphost.cli.policy import DEADLINE_MS, decision, lines
from jumphost.clock import Clock, SystemClock
from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Problems, Refused, Status
from jumphost.gateway import judging, rehearsal
from jumphost.gateway.rehearsal import Ask
from jumphost.model.decision import Judgement, denied
from jumphost.model.request import Command, decode
from jumphost.policy import bundle
from jumphost.policy.base import Engine
from jumphost.policy.interpreter import Interpreter
from jumphost.policy.nearest import Near, nearest, places

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

_STATUS = {"allow": Status.OK, "hold": Status.HELD, "deny": Status.DENIED}
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
    purpose: Annotated[str, typer.Option("--purpose", help="What JUMPHOST_PURPOSE would say.")] = "",
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
    ask = Ask(identity, target, " ".join(command), login, None, now, purpose)

    async def run() -> Judgement:
        async with _engine(where, config) as engine:
            return await _judge(ask, config, engine, SystemClock(), stdin=data)

    judgement = asyncio.run(run())
    mode = config.targets[target].mode if target in config.targets else ""
    rules = _Rules.of(where, where.resolve(config.settings.policy.bundle), judgement)
    emit(
        {**_whole(judgement), "mode": mode, **msgspec.to_builtins(rules)},
        as_json=as_json,
        text=lambda: _print(judgement, mode, rules),
    )
    raise typer.Exit(_STATUS[judgement.verdict.effect])


class _Rules(msgspec.Struct, frozen=True):
    """Where the rules that matched stand, ``FILE:LINE`` by id, and for a denial those that nearly allowed."""

    where: dict[str, str] = {}
    nearest: tuple[Near, ...] = ()

    @classmethod
    def of(cls, site: Site, directory: Path, judgement: Judgement) -> "_Rules":
        """Those of a bundle; nothing where no rule was asked, or the embedded engine does not take the bundle."""
        said = {rule.id for rule in judgement.verdict.rules}
        silent = judgement.code == Code.POLICY_NO_RULE
        if not said and not silent:
            return cls()
        try:
            read = bundle.load(directory)
            interpreter = Interpreter(read.modules, read.data)
            near = nearest(interpreter, judgement.document) if silent else ()
        except (Problems, RuntimeError):
            return cls()

        def short(file: str) -> str:
            return os.path.relpath(file, site.root)

        where = {name: f"{short(file)}:{line}" for name, (file, line) in places(interpreter).items() if name in said}
        return cls(where, tuple(replace(one, file=short(one.file)) for one in near))


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
    judgement = await engine.judge(submission)
    if submission.stdin is not None and judgement.verdict.obligations.stdin != "judge":
        return judgement  # the gateway would not have read it
    return judging.checked(judgement, submission, config.settings.credentials)


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


def _print(judgement: Judgement, mode: str, rules: _Rules) -> None:
    if judgement.document:
        table(["fact", ""], facts(decode(judgement.document), judgement.request_digest, mode))
    effect = judgement.verdict.effect
    out.print(f"[bold {_STYLE[effect]}]{effect}[/]  {printable(judgement.code)}: {printable(judgement.message)}")
    if judgement.detail:
        out.print(printable(f"  {judgement.detail}"))
    if judgement.verdict.rules:
        said = sorted(judgement.verdict.rules, key=lambda rule: (rule.id, rule.effect))
        rows = [[rule.id, rule.effect, rule.message, rules.where.get(rule.id, "")] for rule in said]
        table(["rule", "says", "because", "stands in"], rows)
    if rules.nearest:
        rows = [
            [near.id, f"{near.held} of {near.of}", f"{near.file}:{near.stopped}", near.condition]
            for near in rules.nearest
        ]
        table(["nearest to allowing", "holds", "stopped at", "condition"], rows)
    if effect != "deny":
        owed = msgspec.to_builtins(judgement.verdict.obligations)
        table(["obligation", ""], [[name, json.dumps(value)] for name, value in owed.items() if value])
    if judgement.revision:
        out.print(f"policy {judgement.revision}, {judgement.engine}", style="dim")
