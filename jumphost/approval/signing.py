"""An approver's side: a statement signed with a key file, or by the ssh-agent that holds the key."""

import asyncio
from pathlib import Path
from typing import Any

import asyncssh
from msgspec.structs import replace

from jumphost.errors import Code, Refused
from jumphost.evidence import sshsig
from jumphost.model.approval import NAMESPACE, Approval, VerdictWord, statement

SIGNATURE_ALGORITHMS = {"ssh-rsa": b"rsa-sha2-512"}  # a SHA-1 signature would be refused; others sign as they are named


def signed(
    *,
    hold: str,
    request_digest: str,
    verdict: VerdictWord,
    approver: str,
    reason: str,
    at: str,
    not_after: str,
    key: Path,
) -> Approval:
    """The verdict with its SSHSIG by ``key``: a private key file, or a public one whose other half an agent holds.

    Refused (request.invalid) if the key cannot be read, or no agent has it.
    """
    unsigned = Approval(
        hold=hold,
        request_digest=request_digest,
        verdict=verdict,
        approver=approver,
        reason=reason,
        at=at,
        not_after=not_after,
        signature="",
    )
    data = sshsig.signed_data(statement(unsigned), NAMESPACE)
    public, blob = _by_agent(key, data) if key.suffix == ".pub" else _by_file(key, data)
    return replace(unsigned, signature=sshsig.armor(public, blob, NAMESPACE))


def _by_file(path: Path, data: bytes) -> tuple[bytes, bytes]:
    try:
        key = asyncssh.read_private_key(path)
    except (OSError, ValueError) as error:
        raise Refused(
            Code.REQUEST_INVALID, f"got {path}, expected a private key without passphrase: {error}"
        ) from error
    name = key.get_algorithm()
    return key.public_data, key.sign(data, SIGNATURE_ALGORITHMS.get(name, name.encode()))


def _by_agent(path: Path, data: bytes) -> tuple[bytes, bytes]:
    try:
        wanted = asyncssh.read_public_key(path).public_data
        return wanted, asyncio.run(_ask_agent(wanted, data))
    except (OSError, ValueError) as error:
        raise Refused(Code.REQUEST_INVALID, f"got {path}, expected a key that the ssh-agent holds: {error}") from error


async def _ask_agent(wanted: bytes, data: bytes) -> bytes:
    async with asyncssh.connect_agent() as agent:
        pairs: Any = await agent.get_keys()
        for pair in pairs:
            if pair.public_data == wanted:
                if pair.algorithm in map(str.encode, SIGNATURE_ALGORITHMS):
                    pair.set_sig_algorithm(SIGNATURE_ALGORITHMS[pair.algorithm.decode()])
                signature: bytes = await pair.sign_async(data)
                return signature
    raise ValueError("the agent does not have it")
