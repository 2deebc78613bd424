"""One lease made and ended, to see whether that works."""

from typing import Final

from jumphost.clock import NS_PER_S, Clock, new_id
from jumphost.credential.base import Finding, Provider
from jumphost.errors import JumphostError
from jumphost.model.lease import Lease

LIFE_S: Final = 30


async def trial(provider: Provider, clock: Clock) -> list[Finding]:
    """Why it does not; what it left, a running gateway finds at the server and ends."""
    request = new_id(clock)
    lease = Lease(
        id=new_id(clock),
        provider=provider.kind,
        subject=provider.subject(request),
        expires_ns=clock.now_ns() + LIFE_S * NS_PER_S,
        template=provider.template,
        request=request,
    )
    found = []
    try:
        await provider.issue(lease)
    except JumphostError as error:
        found.append(Finding("trial.issue", f"no lease can be made: {error.detail or error.message}"))
    try:
        await provider.revoke(lease)
    except JumphostError as error:
        found.append(Finding("trial.revoke", f"a lease cannot be ended: {error.detail or error.message}"))
    return found
