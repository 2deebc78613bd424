"""What an earlier process was running when it ended, or could not stop while it lived, is ended on its target.

Its credential is the one that stops a command whose caller left: the signer knows the decision by its own log, and gets
the document that was judged from ``store.requests``. Until it is known that nothing is left, each start tries again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncssh
import structlog

from jumphost.clock import NS_PER_S
from jumphost.errors import Code, JumphostError, Refused
from jumphost.gateway.parts import Parts
from jumphost.model.decision import NOTHING, Decision, Judgement, Verdict
from jumphost.model.event import Event, Kind
from jumphost.model.request import decode, input_digest, request_digest
from jumphost.model.target import Target
from jumphost.signer.authority import RUN_LIFE_S
from jumphost.store import left
from jumphost.store.left import Left
from jumphost.target.base import Login, Order

AT_ONCE = 8  # stops; a target that is gone takes the time of a login each

log = structlog.get_logger(__name__)


@asynccontextmanager
async def stopping(parts: Parts) -> AsyncIterator[None]:
    """Within it, what is left is stopped in the background; what was not come to is left to the next start."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(stop_left(parts))
        try:
            yield
        finally:
            task.cancel()


async def stop_left(parts: Parts) -> None:
    """Stops what earlier processes left running, and journals what became of each; raises nothing."""
    try:
        since = parts.clock.now_ns() - RUN_LIFE_S * NS_PER_S  # what is older can be signed for no more
        found = await parts.store.read(lambda connection: left.running(connection, since))
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for session in found:
                group.create_task(_stopped(parts, session, places))
    except Exception:
        log.exception("aftermath.failed")


async def _stopped(parts: Parts, session: Left, places: asyncio.Semaphore) -> None:
    async with places:
        data = await _outcome(parts, session)
    log.warning("session.stopped", session=session.id, **data)
    await parts.store.write(None, _event(parts, Kind.COMMAND_STOP, session, **data))


async def _outcome(parts: Parts, session: Left) -> dict[str, Any]:
    """Whether something may be left of it, and why."""
    try:
        return {"left": not await _stop(parts, session)}
    except JumphostError as error:
        return {"left": True, "code": error.code, "message": error.message}
    except Exception as error:  # whatever it is, the others are still to be stopped
        log.exception("aftermath.fault", session=session.id)
        return {"left": True, "code": Code.INTERNAL, "message": repr(error)}


async def _stop(parts: Parts, session: Left) -> bool:
    document = await parts.requests.get(session.decision)
    if document is None:
        raise Refused(Code.REQUEST_INVALID, "the document of what ran is gone: nothing can be signed for it")
    request = decode(document)
    target = parts.standing.config.targets.get(request.target.name)
    if target is None:
        raise Refused(Code.TARGET_UNAVAILABLE, f"{request.target.name} is no target any more")
    judged = Judgement(
        verdict=Verdict(effect="allow", rules=(), obligations=NOTHING),
        code="",
        message="",
        document=document,
        request_digest=request_digest(request),
        input_digest=input_digest(document),
    )
    decision = Decision(id=session.decision, at_ns=parts.clock.now_ns(), judgement=judged)
    login = request.target.login

    async def mint(purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        return await _mint(parts, session, decision, (purpose, target, login, address))

    order = Order(request=request.id, target=target, login=login, line="")
    return await parts.runners[target.kind].stop(order, mint)


async def _mint(
    parts: Parts, session: Left, decision: Decision, what: tuple[Login, Target, str, str]
) -> asyncssh.SSHKeyPair:
    """A certificate that is in the journal before it is used."""
    purpose, target, login, address = what
    pair, lease = await parts.credentials.issue(
        purpose=purpose, target=target, login=login, decision=decision, approvals=(), address=address
    )
    about = {"lease": lease.id, "provider": lease.provider, "subject": lease.subject, "serial": lease.serial}
    more = {"expires_ns": lease.expires_ns, "purpose": purpose}
    await parts.store.write(None, _event(parts, Kind.CREDENTIAL_ISSUE, session, **about, **more))
    return pair


def _event(parts: Parts, kind: Kind, of: Left, **data: Any) -> Event:
    return Event(kind, parts.clock.now_ns(), of.id, of.connection, of.decision, of.identity, of.target, data)
