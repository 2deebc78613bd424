"""``python -m jumphost.testing.killed_at STEP --site DIR``: a gateway that is killed (SIGKILL) at a step of a session.

The product has no way to be told so: its methods are wrapped here, in this process alone, and then the site is served.
"""

import asyncio
import functools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from jumphost import app, log
from jumphost.approval.holds import Holds
from jumphost.config.site import Site
from jumphost.credential.leases import Leases
from jumphost.credential.postgres import PostgresProvider
from jumphost.credential.ssh_certificate import SshCertificates
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.execution import Execution
from jumphost.gateway.intake import Intake
from jumphost.gateway.session import Session
from jumphost.model.event import Event, Kind
from jumphost.store.requests import Requests
from jumphost.store.sqlite import Store
from jumphost.target.ssh import SshRunner


class Step(Struct, frozen=True):
    """Before or after a method is called the first time, or the first time with an event of a kind."""

    owner: type
    method: str
    after: bool = False
    event: Kind | None = None


STEPS = {
    "opened": Step(Session, "run"),
    "judging": Step(Session, "_judge"),
    "judged": Step(Session, "_judge", after=True),
    "taking": Step(Intake, "read"),
    "taken": Step(Intake, "read", after=True),
    "kept": Step(Requests, "put", after=True),
    "holding": Step(Holds, "open"),
    "held": Step(Holds, "open", after=True),
    "recording": Step(Execution, "record"),
    "recorded": Step(Execution, "record", after=True),
    "committing": Step(Store, "write", event=Kind.COMMAND_START),
    "committed": Step(Store, "write", after=True, event=Kind.COMMAND_START),
    "leasing": Step(Leases, "issue"),
    "providing": Step(PostgresProvider, "issue"),
    "provided": Step(PostgresProvider, "issue", after=True),
    "leased": Step(Leases, "issue", after=True),
    "returning": Step(Leases, "end"),
    "dropped": Step(PostgresProvider, "revoke", after=True),
    "returned": Step(Leases, "end", after=True),
    "minting": Step(SshCertificates, "issue"),
    "minted": Step(SshCertificates, "issue", after=True),
    "starting": Step(SshRunner, "start"),
    "running": Step(SshRunner, "start", after=True),
    "ended": Step(Execution, "ended", after=True),
    "sealing": Step(Execution, "seal"),
    "sealed": Step(Execution, "seal", after=True),
    "closing": Step(Store, "write", event=Kind.SESSION_CLOSE),
    "closed": Step(Store, "write", after=True, event=Kind.SESSION_CLOSE),
    "told": Step(CallerChannel, "exit", after=True),
    "renewing": Step(Store, "write", event=Kind.CERT_ISSUE),
    "renewed": Step(Store, "write", after=True, event=Kind.CERT_ISSUE),
}
LEASED = ("leasing", "providing", "provided", "leased", "returning", "dropped", "returned")  # what a lease reaches
ALLOWED = tuple(  # what a command reaches that is never held, has no lease, and whose standard input is not judged
    name for name in STEPS if name not in ("holding", "held", "taking", "taken", "renewing", "renewed", *LEASED)
)


def arm(step: Step) -> None:
    """From now on this process ends at the step."""
    original: Callable[..., Any] = getattr(step.owner, step.method)

    def here(arguments: tuple[Any, ...]) -> bool:
        kinds = [argument.kind for argument in arguments if isinstance(argument, Event)]
        return step.event is None or step.event in kinds

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(original)
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        if here(arguments) and not step.after:
            kill()
        result = await original(*arguments, **named)
        if here(arguments):
            kill()
        return result

    @functools.wraps(original)
    def plain(*arguments: Any, **named: Any) -> Any:
        original(*arguments, **named)
        kill()

    setattr(step.owner, step.method, wrapped if asyncio.iscoroutinefunction(original) else plain)


def main() -> None:
    """Serves the site until the step is reached."""
    name, _, folder = sys.argv[1:]
    log.configure("info", "json")
    arm(STEPS[name])
    site = Site(Path(folder).resolve())
    asyncio.run(app.serve(site, ready=lambda line: print(json.dumps(line), flush=True)))


if __name__ == "__main__":
    main()
