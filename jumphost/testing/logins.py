"""The contract of ``credential.base.LoginCredentials``: checks that every implementation goes through.

Each takes ``issue(purpose, address)``, which asks for a login of one freshly decided request, the same one each time.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from ipaddress import ip_address, ip_network

import asyncssh
from cryptography.hazmat.primitives.serialization import SSHCertificate, load_ssh_public_identity

from jumphost.clock import NS_PER_S, Clock
from jumphost.errors import Code, Refused
from jumphost.model.lease import Lease

Issue = Callable[[str, str], Awaitable[tuple[asyncssh.SSHKeyPair, Lease]]]

ADDRESS = "127.0.0.1"


def certificate_of(pair: asyncssh.SSHKeyPair) -> SSHCertificate:
    """The certificate of a key pair."""
    read = load_ssh_public_identity(pair.algorithm + b" " + b64encode(pair.public_data))
    if not isinstance(read, SSHCertificate):
        raise AssertionError(f"got {pair.algorithm!r}, expected a certificate")
    return read


async def is_one_login_for_one_minute(issue: Issue, clock: Clock) -> None:
    """One principal, one address, one command, no permits, a minute at most; the lease says so too."""
    pair, lease = await issue("run", ADDRESS)
    made = certificate_of(pair)
    assert [name.decode() for name in made.valid_principals] == [lease.subject]
    assert made.key_id.startswith(b"jumphost:")
    assert ip_address(ADDRESS) in ip_network(made.critical_options[b"source-address"].decode())
    assert made.critical_options[b"force-command"]
    assert not [name for name in made.extensions if name.startswith(b"permit-")]
    assert made.valid_before * NS_PER_S == lease.expires_ns <= clock.now_ns() + 60 * NS_PER_S
    assert lease.serial == str(made.serial)
    assert lease.id
    assert lease.provider


async def runs_once(issue: Issue, _: Clock) -> None:
    """The second run of a decision is refused."""
    await issue("run", ADDRESS)
    await _refused(issue, "run")


async def is_followed_up_only_after_its_run(issue: Issue, _: Clock) -> None:
    """Stop and signals have other commands, other keys, and come after the run."""
    await _refused(issue, "stop")
    made = [certificate_of((await issue(purpose, ADDRESS))[0]) for purpose in ("run", "TERM", "stop")]
    assert len({one.critical_options[b"force-command"] for one in made}) == 3
    assert len({one.public_bytes() for one in made}) == 3


async def refuses_what_is_no_purpose(issue: Issue, _: Clock) -> None:
    """A purpose that ``target.base.Login`` does not name, and an address that is none."""
    await _refused(issue, "shell")
    await _refused(issue, "run", "everywhere")


async def _refused(issue: Issue, purpose: str, address: str = ADDRESS) -> None:
    try:
        await issue(purpose, address)
    except Refused as error:
        code = error.code
    else:
        raise AssertionError(f"got a login for {purpose} from {address}")
    assert code is Code.SIGNER_REFUSED


CHECKS = (is_one_login_for_one_minute, runs_once, is_followed_up_only_after_its_run, refuses_what_is_no_purpose)
