"""``jumphost agent``: keeps the certificate of a machine fresh."""

import asyncio
import os
import random
import shlex
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from jumphost.cli import renewing
from jumphost.cli.common import JsonOption, err, out, printable, report, to_json, usage
from jumphost.cli.keeping import LONGEST_PAUSE_S, Keeper
from jumphost.clock import NS_PER_S, SystemClock
from jumphost.errors import JumphostError, Refused
from jumphost.gateway.supervisor import notify

app = typer.Typer(help="Keep a certificate fresh.", rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def agent(
    key: Annotated[Path, typer.Argument(metavar="KEY", help="The private key; KEY-cert.pub beside it is kept fresh.")],
    gateway: Annotated[str, typer.Option(metavar="HOST:PORT", help="Who renews it.")],
    known_hosts: Annotated[
        Path, typer.Option(metavar="FILE", help="Which host key or host CA the gateway has: `jumphost ca known-hosts`.")
    ] = Path("~/.ssh/known_hosts"),
    exchange: Annotated[
        str,
        typer.Option(metavar="COMMAND", help="Gets a certificate where none can be renewed; no shell runs it."),
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="Renew if it is due, and end.")] = False,
    ssh_agent: Annotated[bool, typer.Option("--ssh-agent", help="Hand it to the agent of SSH_AUTH_SOCK too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep the certificate beside a key fresh: renew it after two thirds of its life, until SIGTERM.

    Where nothing but an operator can help (the identity is locked, disabled, or its renewals are over) and there is no
    --exchange, it ends with the status of the refusal.
    """
    os.environ.setdefault("LOGNAME", "jumphost")  # asyncssh asks for it, and the uid of a container may have no name
    key, known = key.expanduser(), known_hosts.expanduser()
    try:
        host, port = renewing.address(gateway)
        words = shlex.split(exchange)
    except ValueError as error:
        usage(str(error))
    for path in (key, key.with_name(f"{key.name}.pub"), known):
        if not path.is_file():
            usage(f"got no file {path}, expected one")
    certificate = key.with_name(f"{key.name}-cert.pub")
    keeper = Keeper(
        key,
        SystemClock(),
        random.random,
        lambda: renewing.renew(host, port, key, known),
        (lambda: renewing.exchange(words, certificate)) if words else None,
    )
    loop = _Loop(keeper, key, forever=bool(words), hand_over=ssh_agent, as_json=as_json)
    raise typer.Exit(asyncio.run(loop.once() if once else loop.run()))


class _Loop:
    """``forever``: a refusal is not the end, since a command may get another certificate."""

    def __init__(self, keeper: Keeper, key: Path, *, forever: bool, hand_over: bool, as_json: bool) -> None:
        self._keeper, self._key, self._forever = keeper, key, forever
        self._as_json = as_json
        self._to_hand_over = keeper.kept() if hand_over else None
        self._hands_over = hand_over

    async def once(self) -> int:
        """One turn; the exit status."""
        try:
            await self._turn()
        except JumphostError as error:
            return report(error)
        return 0

    async def run(self) -> int:
        """Turns until SIGTERM or SIGINT, or a refusal that is the end; the exit status."""
        ended, ready, pause = asyncio.Event(), False, 0.0
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        while not ended.is_set():
            try:
                await self._turn()
                pause = self._keeper.wait_s()
            except JumphostError as error:
                if isinstance(error, Refused) and not self._forever:
                    return report(error)
                pause = min(self._keeper.wait_s(), LONGEST_PAUSE_S)
                self._say("failed", code=error.code, message=error.message, retry_s=round(pause, 1))
            if not ready and self._keeper.kept():
                ready = True
                notify("READY=1")
            try:
                async with asyncio.timeout(max(0.1, pause)):
                    await ended.wait()
            except TimeoutError:
                continue
        notify("STOPPING=1")
        return 0

    async def _turn(self) -> None:
        fresh = await self._keeper.turn()
        if fresh is not None:
            self._to_hand_over = fresh if self._hands_over else None
            self._say("renewed", serial=fresh.serial, expires=fresh.expires, certificate=f"{self._key}-cert.pub")
        if self._to_hand_over is not None:
            await renewing.hand_over(self._key, max(1, self._to_hand_over.ends - SystemClock().now_ns() // NS_PER_S))
            self._to_hand_over = None

    def _say(self, event: str, **fields: Any) -> None:
        if self._as_json:
            print(to_json({"event": event, **fields}), flush=True)
            return
        words = " ".join(f"{name}={value}" for name, value in fields.items())
        (err if event == "failed" else out).print(printable(f"{event} {words}"))
