"""Which host keys a target may show, and the only first contact: fetching the keys that a host shows now."""

import asyncio
from collections.abc import Sequence

import asyncssh

from jumphost import wire
from jumphost.errors import Code, Unavailable
from jumphost.model.target import Target

SCAN_TIMEOUT_S = 10.0
_CERTIFIED = "-cert-v01@openssh.com"

KnownHosts = tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]


def trusted(target: Target) -> KnownHosts:
    """Host keys, host CA keys and revoked keys, as asyncssh takes them; ValueError if a line is no public key.

    Never empty: with nothing to check against, asyncssh would read ``~/.ssh/known_hosts``.
    """
    keys, authorities = _read(target.host_keys), _read(target.host_ca)
    if not keys and not authorities:
        raise ValueError(f"got no host key for target {target.name}, expected host_keys or host_ca in targets.yaml")
    return keys, authorities, []


def algorithms(target: Target, suite: wire.Suite) -> list[str]:
    """The host key algorithms to ask for: first those that a key or CA of the target can answer.

    The others follow, so that a host with another kind of key shows it and is told apart from one that is down.
    """
    keys, authorities, _ = trusted(target)
    expected = {name.decode() for key in keys for name in key.sig_algorithms}
    if authorities:
        expected |= {name for name in suite.host_keys if name.endswith(_CERTIFIED)}
    return sorted(
        (name for name in suite.host_keys if authorities or not name.endswith(_CERTIFIED)),
        key=lambda name: name not in expected,
    )


async def scan(host: str, port: int) -> str:
    """The public key line that a host shows now, of the best kind it has; nothing is verified here.

    Unavailable (target.unreachable) if none can be had.
    """
    try:
        async with asyncio.timeout(SCAN_TIMEOUT_S):
            key = await asyncssh.get_server_host_key(
                host, port, config=None, server_host_key_algs=wire.DEFAULT.signatures, kex_algs=wire.DEFAULT.kex
            )
    except (OSError, asyncssh.Error) as error:
        raise Unavailable(
            Code.TARGET_UNREACHABLE,
            f"got no host key from {host}:{port}, expected an SSH server there",
            detail=str(error) or type(error).__name__,
        ) from error
    assert key is not None  # noqa: S101  # it is None after a GSS key exchange only, which is not asked for
    return str(key.export_public_key().decode().strip())


def _read(lines: Sequence[str]) -> list[asyncssh.SSHKey]:
    try:
        return [asyncssh.import_public_key(line) for line in lines]
    except asyncssh.KeyImportError as error:
        raise ValueError(f"got {list(lines)}, expected public key lines: {error}") from error
