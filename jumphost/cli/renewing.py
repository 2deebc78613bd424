"""The ways in which an agent gets a certificate: the gateway itself over SSH, or a command of the operator's."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from jumphost.errors import Code, Refused, Status, Unavailable

ASK_S = 30.0  # for one renewal, from connecting to its answer
COMMAND_S = 120.0  # for a command that exchanges a token
PORT = 2222  # where `jumphost init` has a gateway listen


def address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST``, ``HOST:PORT`` or ``[ADDRESS]:PORT``; ValueError says got, expected."""
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(PORT)
    bare = host.removeprefix("[").removesuffix("]")
    plain = bare and not any(char.isspace() or char in "\"'@/%" for char in bare)
    if not plain or (host == bare) == (":" in bare) or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"got {text!r}, expected HOST:PORT such as gateway.example:2222 or [::1]:2222")
    return bare, int(port)


async def renew(host: str, port: int, key: Path, known_hosts: Path) -> str:
    """The next certificate of a gateway, bought with the one beside the key; Refused, Unavailable."""
    public = key.with_name(f"{key.name}.pub").read_text()
    try:
        async with asyncio.timeout(ASK_S):
            pair = (asyncssh.read_private_key(key), asyncssh.read_certificate(key.with_name(f"{key.name}-cert.pub")))
            connecting = asyncssh.connect(
                host,
                port,
                username="jumphost",
                client_keys=[pair],
                known_hosts=str(known_hosts),
                config=None,
                agent_path=None,
                gss_host=None,
                x509_trusted_certs=None,
            )
            async with connecting as gateway:
                done = await gateway.run("renew", input=public)
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyImportError) as error:
        raise Refused(Code.TARGET_HOST_KEY, f"the gateway is not the one that {known_hosts} names: {error}") from None
    except asyncssh.PermissionDenied:
        raise Refused(Code.IDENTITY_REVOKED, "the gateway lets nobody in with this certificate") from None
    except (OSError, TimeoutError, asyncssh.Error) as error:
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, f"no gateway answers at {host}:{port}: {error}") from None
    if done.exit_status == 0:
        return str(done.stdout)
    said = str(done.stderr).strip()
    if done.exit_status in (Status.BAD_REQUEST, Status.DENIED):
        raise Refused(Code.SIGNER_REFUSED, f"the gateway renews nothing: {said}")
    raise Unavailable(Code.GATEWAY_UNAVAILABLE, f"the gateway renewed nothing, with status {done.exit_status}: {said}")


async def exchange(words: Sequence[str], certificate: Path) -> str:
    """What a command wrote to the file of the certificate; Unavailable if it failed. Its output goes to our stderr."""
    try:
        process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.DEVNULL, stdout=2)
    except OSError as error:
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, f"cannot run {words[0]}: {error.strerror}") from None
    try:
        async with asyncio.timeout(COMMAND_S):
            status = await process.wait()
    except TimeoutError:
        process.kill()
        status = await process.wait()
    if status != 0:
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, f"{words[0]} ended with status {status}")
    try:
        return await asyncio.to_thread(certificate.read_text)
    except OSError as error:
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, f"{words[0]} left no {certificate}: {error.strerror}") from None


async def hand_over(key: Path, seconds: int) -> None:
    """Gives key and certificate to the ssh-agent of SSH_AUTH_SOCK for a time; Unavailable."""
    pair = (asyncssh.read_private_key(key), asyncssh.read_certificate(key.with_name(f"{key.name}-cert.pub")))
    try:
        async with await asyncssh.connect_agent() as agent:
            await agent.add_keys([pair], lifetime=seconds)
    except (OSError, ValueError, asyncssh.Error) as error:
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, f"no ssh-agent takes the certificate: {error}") from None
