"""A caller who waits at a hold: what it is told meanwhile, and what ends the waiting."""

import asyncio

from jumphost.approval.holds import Ticket
from jumphost.clock import NS_PER_S
from jumphost.errors import Code, Refused, Status
from jumphost.gateway import message
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.environment import Wishes
from jumphost.gateway.message import Ended, Ending
from jumphost.gateway.parts import Parts
from jumphost.model.approval import State
from jumphost.model.identity import Caller

DETACHED = "the certificate ended while held: send the same command again with a fresh one"
_ENDS: dict[State, Code] = {
    "rejected": Code.APPROVAL_REJECTED,
    "expired": Code.APPROVAL_EXPIRED,
    "withdrawn": Code.APPROVAL_WITHDRAWN,
}


async def turn(
    ticket: Ticket, told: Ending, *, parts: Parts, caller: Caller, channel: CallerChannel, wishes: Wishes
) -> None:
    """Returns when the hold is approved and it is this caller's turn, or when another caller has used it up.

    A status line (``told``) at once and in every interval, before which the identity is looked at again. Raises Ended
    with status 75 when the caller's patience or certificate ends first, Refused when the hold ends otherwise.
    """
    give_up_ns = None if wishes.wait_s is None else parts.clock.now_ns() + wishes.wait_s * NS_PER_S
    while not ticket.turn.is_set():
        now = parts.clock.now_ns()
        if give_up_ns is not None and now >= give_up_ns:
            raise Ended(told)
        if now >= caller.expires_ns:
            raise Ended(Ending("held", Code.APPROVAL_DETACHED, DETACHED, Status.HELD, told.decision, told.hold))
        parts.standing.check(caller, now)
        channel.say(message.line(told, as_json=wishes.as_json))
        ends = (now + parts.settings.hold.status_interval * NS_PER_S, caller.expires_ns, give_up_ns)
        until = min(at for at in ends if at is not None)
        try:
            async with asyncio.timeout((until - now) / NS_PER_S):
                await ticket.turn.wait()
        except TimeoutError:
            continue
    state, reason = ticket.hold.state, ticket.hold.reason
    if state in _ENDS:
        raise Refused(_ENDS[state], f"the held command was {state}{': ' + reason if reason else ''}")
