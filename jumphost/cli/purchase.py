"""The client's side of the exchange: a key proves itself and a token buys it a certificate, written where ssh looks."""

from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec
from cryptography.hazmat.primitives.serialization import (
    SSHCertificate,
    load_ssh_private_key,
    load_ssh_public_identity,
)
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key
from msgspec import Struct

from jumphost import webclient
from jumphost.config.create import write_key_pair
from jumphost.config.edit import replace
from jumphost.config.issuers import web_address
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.evidence import sshsig
from jumphost.evidence.sshsig import PrivateKey
from jumphost.identity.proof import NAMESPACE
from jumphost.secret import Secret
from jumphost.sshkey import PARSE_ERRORS, require_strong

T = TypeVar("T")


class Bought(Struct, frozen=True):
    """What the exchange answered."""

    certificate: str
    expires: str
    identity: str
    host_ca: str = ""


class _Nonce(Struct, frozen=True):
    nonce: str


class _Failed(Struct, frozen=True):
    error: str
    message: str
    decision: str = ""


class _GithubToken(Struct, frozen=True):
    value: str


async def buy(
    exchange: str,
    token: Secret,
    key: PrivateKey,
    *,
    scope: list[str] | None = None,
    ttl_s: int | None = None,
    ca: Path | None = None,
) -> Bought:
    """A certificate over the key; raises what the exchange said, Unavailable (gateway.unavailable) if it does not."""
    base = web_address(exchange).rstrip("/")
    nonce = await _asked(f"{base}/v1/nonce", _Nonce, ca=ca)
    public = serialize_ssh_public_key(key.public_key()).decode("ascii")
    order = {
        "token": token.reveal().decode("utf-8", "surrogateescape"),
        "public_key": public,
        "nonce": nonce.nonce,
        "signature": sshsig.sign(key, nonce.nonce.encode(), NAMESPACE),
        **({} if scope is None else {"scope": scope}),
        **({} if ttl_s is None else {"ttl_s": ttl_s}),
    }
    bought = await _asked(f"{base}/v1/certificate", Bought, body=msgspec.json.encode(order), ca=ca)
    if not _is_over(bought.certificate, public):
        raise Refused(Code.SIGNATURE_INVALID, "got a certificate over another key, expected one over ours")
    return bought


async def github_token(url: str, request_token: Secret, audience: str) -> Secret:
    """The token of a job of GitHub Actions; raises as :func:`buy`."""
    headers = {"Authorization": f"bearer {request_token.reveal().decode()}"}
    address = f"{web_address(url)}{'&' if '?' in url else '?'}audience={quote(audience, safe='')}"
    return Secret((await _asked(address, _GithubToken, headers=headers)).value.encode())


def open_key(path: Path) -> PrivateKey:
    """The private key in a file, made (ed25519, 0600) if there is none; ValueError says what it is instead."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_key_pair(path, "jumphost")
    try:
        key = load_ssh_private_key(path.read_bytes(), password=None)
        require_strong(key.public_key())
    except PARSE_ERRORS as error:
        raise ValueError(
            f"{path}: got no key that can be used alone, expected one without a passphrase: {error}"
        ) from None
    return key  # type: ignore[return-value]  # a strong key is one of them


def keep(path: Path, bought: Bought) -> tuple[Path, Path | None]:
    """Writes ``PATH-cert.pub``, and ``PATH-known_hosts`` if the gateway has a host CA; OSError."""
    certificate = path.with_name(f"{path.name}-cert.pub")
    replace(certificate, f"{bought.certificate} {bought.identity}\n".encode())
    if not bought.host_ca:
        return certificate, None
    known = path.with_name(f"{path.name}-known_hosts")
    replace(known, "".join(f"@cert-authority * {line}\n" for line in bought.host_ca.splitlines()).encode())
    return certificate, known


async def _asked(
    url: str,
    want: type[T],
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    ca: Path | None = None,
) -> T:
    content = {"Content-Type": "application/json"} if body is not None else {}
    try:
        status, said = await webclient.ask(url, body=body, headers={**content, **(headers or {})}, ca=ca)
    except (OSError, TimeoutError, ValueError) as error:
        message = f"{url.partition('?')[0]} does not answer"
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, message, detail=str(error) or type(error).__name__) from None
    try:
        if status == 200:
            return msgspec.json.decode(said, type=want)
        failed = msgspec.json.decode(said, type=_Failed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = f"got status {status} from {url.partition('?')[0]}, and no answer that can be read"
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, message) from None
    raise _said(status, failed)


def _said(status: int, failed: _Failed) -> JumphostError:
    """What the server said, as if it had been said here."""
    try:
        code = Code(failed.error)
    except ValueError:
        code = Code.GATEWAY_UNAVAILABLE if status >= 500 else Code.REQUEST_INVALID
    kind: type[JumphostError] = Unavailable if status >= 500 else Refused
    return kind(code, failed.message, detail=f"decision {failed.decision}" if failed.decision else "")


def _is_over(certificate: str, public_key: str) -> bool:
    try:
        found = load_ssh_public_identity(certificate.encode())
    except PARSE_ERRORS:
        return False
    return isinstance(found, SSHCertificate) and serialize_ssh_public_key(found.public_key()).decode() == public_key
