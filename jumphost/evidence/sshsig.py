"""SSH signatures of files and statements (OpenSSH PROTOCOL.sshsig), as ``ssh-keygen -Y sign`` and ``verify`` make them.

Security keys (PROTOCOL.u2f) count only with user presence; RSA signatures only with SHA-2 and 3072 bits.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Literal, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.errors import Code, Refused
from jumphost.sshkey import PublicKey, read_blob, read_line, string, take_string

MAGIC = b"SSHSIG"
VERSION = 1
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
MAX_ARMOR = 16_384  # characters; one of RSA with 16384 bits has under 6,000
USER_PRESENCE = 0x01  # PROTOCOL.u2f, SSH U2F signatures: flags

Hash = Literal["sha256", "sha512"]
PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_HASHES: dict[str, Hash] = {"sha256": "sha256", "sha512": "sha512"}
_CURVE_HASHES: dict[str, hashes.HashAlgorithm] = {  # RFC 5656 §6.2.1
    "ecdsa-sha2-nistp256": hashes.SHA256(),
    "ecdsa-sha2-nistp384": hashes.SHA384(),
    "ecdsa-sha2-nistp521": hashes.SHA512(),
}
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {  # RFC 8332 §3; ssh-rsa is SHA-1
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class UnverifiedSignature:
    """What an armored signature claims; :func:`verify` says whether it is so."""

    key: PublicKey
    namespace: str
    hash: Hash
    algorithm: str
    blob: bytes  # after the algorithm's name
    trailer: bytes = b""  # of a security key: flags and counter


def verify(armored: str, message: bytes, namespace: str) -> PublicKey:
    """The key that signed ``message`` for ``namespace``; whose key it is, the caller must ask.

    Raises Refused (signature.invalid).
    """
    signature = parse(armored)
    if signature.namespace != namespace:
        _refuse(f"got a signature for {signature.namespace[:64]!r}, expected namespace {namespace!r}")
    data = signed_data(message, namespace, signature.hash)
    if signature.trailer:
        application = hashlib.sha256(signature.key.application).digest()
        data = application + signature.trailer + hashlib.sha256(data).digest()
    try:
        _verify(signature, data)
    except (InvalidSignature, ValueError):
        _refuse(f"got a signature that is not one of {signature.key.fingerprint} over this text")
    return signature.key


def parse(armored: str) -> UnverifiedSignature:
    """Reads an armored signature; raises Refused (signature.invalid) unless it is exactly one of an accepted kind."""
    try:
        return _parse(_unarmor(armored))
    except (ValueError, binascii.Error) as error:
        _refuse(f"got no readable SSH signature: {error}")


def signed_data(message: bytes, namespace: str, hash_algorithm: Hash = "sha512") -> bytes:
    """The bytes that the key itself signs: what is handed to an ssh-agent."""
    return (
        MAGIC
        + string(namespace.encode())
        + string(b"")  # reserved
        + string(hash_algorithm.encode())
        + string(hashlib.new(hash_algorithm, message).digest())
    )


def armor(public_blob: bytes, signature_blob: bytes, namespace: str, hash_algorithm: Hash = "sha512") -> str:
    """The armored text of a key in wire form and its signature over :func:`signed_data`, as an agent returned it."""
    body = base64.b64encode(
        MAGIC
        + VERSION.to_bytes(4, "big")
        + string(public_blob)
        + string(namespace.encode())
        + string(b"")
        + string(hash_algorithm.encode())
        + string(signature_blob)
    ).decode("ascii")
    lines = [body[at : at + 70] for at in range(0, len(body), 70)]
    return "\n".join([BEGIN, *lines, END, ""])


def sign(private_key: PrivateKey, message: bytes, namespace: str) -> str:
    """An armored signature over ``message`` with SHA-512; ValueError (WeakKey) for a key that is not accepted."""
    key = read_line(serialize_ssh_public_key(private_key.public_key()).decode("ascii"))
    data = signed_data(message, namespace)
    if isinstance(private_key, ed25519.Ed25519PrivateKey):
        algorithm, raw = key.algorithm, private_key.sign(data)
    elif isinstance(private_key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private_key.sign(data, ec.ECDSA(_CURVE_HASHES[key.algorithm])))
        algorithm, raw = key.algorithm, string(_mpint(r)) + string(_mpint(s))
    else:
        algorithm, raw = "rsa-sha2-512", private_key.sign(data, padding.PKCS1v15(), hashes.SHA512())
    return armor(key.blob, string(algorithm.encode()) + string(raw), namespace)


def _unarmor(armored: str) -> bytes:
    if len(armored) > MAX_ARMOR:
        raise ValueError(f"{len(armored)} characters, expected at most {MAX_ARMOR}")
    lines = armored.strip().splitlines()
    if len(lines) < 3 or lines[0].strip() != BEGIN or lines[-1].strip() != END:
        raise ValueError(f"expected {BEGIN} … {END}")
    return base64.b64decode("".join(line.strip() for line in lines[1:-1]).encode("ascii"), validate=True)


def _parse(raw: bytes) -> UnverifiedSignature:
    if raw[:6] != MAGIC or raw[6:10] != VERSION.to_bytes(4, "big"):
        raise ValueError(f"expected {MAGIC.decode()} version {VERSION}")
    public, rest = take_string(raw[10:])
    namespace, rest = take_string(rest)
    _, rest = take_string(rest)  # reserved: to be ignored
    hash_name, rest = take_string(rest)
    signature, rest = take_string(rest)
    if rest:
        raise ValueError(f"{len(rest)} bytes after its end")
    hash_algorithm = _HASHES.get(hash_name.decode("ascii"))
    if hash_algorithm is None:
        raise ValueError(f"hash {hash_name[:32]!r}, expected sha256 or sha512")
    key = read_blob(public)
    name, rest = take_string(signature)
    blob, trailer = take_string(rest)
    algorithm = name.decode("ascii")
    if algorithm not in (_RSA_HASHES if key.algorithm == "ssh-rsa" else {key.algorithm}):
        raise ValueError(f"signature kind {algorithm[:64]!r} with a key of {key.algorithm}")
    if len(trailer) != (5 if key.algorithm.startswith("sk-") else 0):
        raise ValueError(f"{len(trailer)} bytes after the signature of a {key.algorithm} key")
    if trailer and not trailer[0] & USER_PRESENCE:
        raise ValueError("a security key that nobody touched, expected user presence")
    return UnverifiedSignature(key, namespace.decode("utf-8"), hash_algorithm, algorithm, blob, trailer)


def _verify(signature: UnverifiedSignature, data: bytes) -> None:
    key = signature.key.key
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature.blob, data)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        r, rest = take_string(signature.blob)
        s, rest = take_string(rest)
        if rest:
            raise ValueError("bytes after r and s")
        encoded = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        curve = signature.algorithm.removeprefix("sk-").removesuffix("@openssh.com")
        key.verify(encoded, data, ec.ECDSA(_CURVE_HASHES[curve]))
    else:
        key.verify(signature.blob, data, padding.PKCS1v15(), _RSA_HASHES[signature.algorithm])


def _mpint(value: int) -> bytes:
    """A positive integer as RFC 4251 §5 writes it, without its length."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def _refuse(message: str) -> NoReturn:
    raise Refused(Code.SIGNATURE_INVALID, message) from None
