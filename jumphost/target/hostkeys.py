"""Which host keys a target may show, and the only first contact: fetching the keys that a host shows now."""

import asyncio
from collections.abc import Sequence

import asyncssh

from jumphost import wire
from jumphost.errors import Code, Unavailable
from jumphost.model.target import Target

SCAN_TIMEOUT_S = 10.0
_CERTIFICATE = "-cert-v01@openssh.com"

KnownHosts = tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]


def trusted(target: Target) -> KnownHosts:
    """Host keys, host CA keys and revoked keys, as asyncssh takes them; ValueError if a line is no public key.

    Never empty: with nothing to check against, asyncssh would read ``~/.ssh/known_hosts``.
    """
    keys, authorities = _read(target.host_keys), _read(target.host_ca)
    if not keys and not authorities:
        raise ValueError(f"got no host key for target {target.name}, expected host_keys or host_ca in targets.yaml")
    return keys, authorities, []


def algorithms(target: Target) -> list[str]:
    """The host key algorithms to ask for, best first: only those that a key or CA of the target can answer."""
    keys, authorities, _ = trusted(target)
    usable = {name.decode() for key in keys for name in key.sig_algorithms}
    return [name for name in wire.HOST_KEYS if name in usable or (authorities and name.endswith(_CERTIFICATE))]


async def scan(host: str, port: int) -> list[str]:
    """The public key lines that a host shows now, one for each kind of key; nothing is verified here.

    Unavailable (target.unreachable) if none can be had.
    """
    found: dict[str, str] = {}
    failures: list[str] = []
    for name in wire.HOST_KEYS:
        if name.endswith(_CERTIFICATE):
            continue
        try:
            async with asyncio.timeout(SCAN_TIMEOUT_S):
                key = await asyncssh.get_server_host_key(
                    host, port, config=None, server_host_key_algs=[name], kex_algs=list(wire.KEX)
                )
        except asyncssh.KeyExchangeFailed:
            continue  # the host has no key of this kind
        except (OSError, TimeoutError, asyncssh.Error) as error:
            failures.append(f"{name}: {error}")
            break
        if key is not None:
            line = key.export_public_key().decode().strip()
            found[line] = line
    if not found:
        raise Unavailable(
            Code.TARGET_UNREACHABLE,
            f"got no host key from {host}:{port}, expected an SSH server there",
            detail="; ".join(failures),
        )
    return list(found)


def fingerprint(line: str) -> str:
    """``SHA256:…`` of a public key line; ValueError if it is none."""
    try:
        return asyncssh.import_public_key(line).get_fingerprint()
    except asyncssh.KeyImportError as error:
        raise ValueError(f"got {line!r}, expected a public key line: {error}") from error


def _read(lines: Sequence[str]) -> list[asyncssh.SSHKey]:
    try:
        return [asyncssh.import_public_key(line) for line in lines]
    except asyncssh.KeyImportError as error:
        raise ValueError(f"got {list(lines)}, expected public key lines: {error}") from error
