"""Who has what at hand on which login: what reaches one process of a login reaches all of them.

So a login carries leases of one identity and one credential at a time: what was judged for one is not at hand for
another. Commands without a lease are not counted: docs/credentials.md says what follows.
"""

from collections.abc import Callable

from jumphost.credential.base import Minted, Recipient
from jumphost.errors import Code, Refused, Unavailable

_Login = tuple[str, int, str]  # host, port and name
_Tenant = tuple[str, str]  # identity and credential


class Tenants:
    """The logins that have a lease at hand just now."""

    def __init__(self) -> None:
        self._logins: dict[_Login, tuple[_Tenant, int]] = {}

    def enter(self, minted: Minted, recipient: Recipient) -> Callable[[], None]:
        """Counts a lease in until what it returns is called, once.

        Refused (policy.unsupported) on a login that commands share, Unavailable (credential.busy) on one that has
        another's.
        """
        target = recipient.target
        if target.kind == "process":
            return lambda: None  # each command there has a sandbox of its own
        if target.mode != "command":
            message = f"{target.name} has logins that several commands share: they take no credential for one of them"
            raise Refused(Code.POLICY_UNSUPPORTED, message)
        login, tenant = (target.host, target.port, recipient.login), (recipient.identity, minted.lease.name)
        there, count = self._logins.get(login, (tenant, 0))
        if there != tenant:
            message = f"another credential is at hand on login {recipient.login} just now: send it again later"
            raise Unavailable(Code.CREDENTIAL_BUSY, message)
        self._logins[login] = tenant, count + 1
        return lambda: self._leave(login)

    def _leave(self, login: _Login) -> None:
        tenant, count = self._logins.pop(login)
        if count > 1:
            self._logins[login] = tenant, count - 1
