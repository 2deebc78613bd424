"""A target CA in memory that signs what it is told to: for tests of what targets accept and refuse."""

import asyncssh

from jumphost.clock import NS_PER_S, Clock
from jumphost.command import forced
from jumphost.target.base import Login, Mint, Order

ALLOWANCE_S = 30  # before and, twice, after now: the validity of a target certificate (DESIGN §3)


class TargetCA:
    """Makes certificates as the signer does, or, by ``wrong``, others; counts what it made."""

    def __init__(self, clock: Clock) -> None:
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._clock = clock
        self.line = self._key.export_public_key().decode().strip()
        self.minted: list[tuple[Login, str]] = []  # purpose and address

    def certificate(
        self, public_key: str, *, principal: str, line: str, address: str, age_s: int = 0, sockets: bool = False
    ) -> str:
        """The line of a certificate that was made ``age_s`` seconds ago; with ``sockets`` it may have some."""
        made = self._clock.now_ns() // NS_PER_S - age_s
        certificate = self._key.generate_user_certificate(
            asyncssh.import_public_key(public_key),
            f"jumphost:test:{principal}",
            principals=[principal],
            valid_after=made - ALLOWANCE_S,
            valid_before=made + 2 * ALLOWANCE_S,
            force_command=line or None,
            source_address=[address],
            permit_x11_forwarding=False,
            permit_agent_forwarding=False,
            permit_port_forwarding=sockets,
            permit_pty=False,
            permit_user_rc=False,
        )
        return certificate.export_certificate().decode().strip()

    def certified(
        self, *, principal: str, line: str, address: str, age_s: int = 0, sockets: bool = False
    ) -> asyncssh.SSHKeyPair:
        """A fresh key with such a certificate."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        public_key = key.export_public_key().decode()
        certificate = self.certificate(
            public_key, principal=principal, line=line, address=address, age_s=age_s, sockets=sockets
        )
        return asyncssh.load_keypairs([(key, asyncssh.import_certificate(certificate))])[0]

    def mint(self, order: Order, *, principal: str = "", address: str = "", age_s: int = 0) -> Mint:
        """The Mint of one order; ``principal`` and ``address`` replace the right ones."""

        async def minted(purpose: Login, seen: str) -> asyncssh.SSHKeyPair:
            self.minted.append((purpose, seen))
            return self.certified(
                principal=principal or order.target.principal(order.login),
                line=_line(purpose, order),
                address=address or seen,
                age_s=age_s,
                sockets=purpose == "run" and order.socket is not None,
            )

        return minted


def _line(purpose: Login, order: Order) -> str:
    match purpose:
        case "run":
            return order.line if order.target.mode == "command" else ""
        case "stop":
            return forced.stop(order.request)
        case "deliver":
            return forced.deliver(order.request)
        case _:
            return forced.signal(order.request, purpose)
