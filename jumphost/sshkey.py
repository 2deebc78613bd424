"""SSH public keys as they stand in files and on the wire: read strictly, weak ones never."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_identity
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

Key = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

RSA_MIN_BITS = 3072  # NIST SP 800-57 part 1, table 2: 128 bits of strength
RSA_MAX_BITS = 16_384  # OpenSSL's OPENSSL_RSA_MAX_MODULUS_BITS: nothing larger can be verified
MAX_BLOB = 65_536  # bytes; a certificate with 60 kB of extensions still logs in
CERTIFICATE_SUFFIX = "-cert-v01@openssh.com"
ALGORITHMS = frozenset(
    {
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "ssh-rsa",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
# What the parser of `cryptography` raises on bytes that are no key.
PARSE_ERRORS = (ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm)


class WeakKey(ValueError):
    """A well-formed key of a kind or size that is not accepted."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A plain public key, never a certificate; made by :func:`read_line` and :func:`read_blob` only."""

    algorithm: str
    blob: bytes  # RFC 4253 §6.6
    key: Key
    comment: str = ""

    @property
    def fingerprint(self) -> str:
        """``SHA256:…`` as ssh-keygen -l prints it."""
        return fingerprint(self.blob)

    @property
    def line(self) -> str:
        """``ALGORITHM BASE64``, without a comment."""
        return f"{self.algorithm} {base64.b64encode(self.blob).decode('ascii')}"

    @property
    def application(self) -> bytes:
        """What a security key signs for (``ssh:``); empty for other keys."""
        return _last_string(self.blob) if self.algorithm.startswith("sk-") else b""


def fingerprint(blob: bytes) -> str:
    """``SHA256:…`` of a key in wire form."""
    return spelled(hashlib.sha256(blob).digest())


def spelled(digest: bytes) -> str:
    """``SHA256:…`` of the SHA-256 of a key in wire form."""
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def read_line(text: str) -> PublicKey:
    """The key of one line ``ALGORITHM BASE64 [COMMENT]``.

    Raises WeakKey for a kind or size that is not accepted, ValueError for everything else that is not one plain key.
    """
    if len(text.strip().splitlines()) != 1:
        raise ValueError("got no line or several, expected one public key: ALGORITHM BASE64 [COMMENT]")
    algorithm, _, rest = text.strip().partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    try:
        blob = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("got a public key that is not base64, expected ALGORITHM BASE64 [COMMENT]") from None
    key = read_blob(blob)
    if key.algorithm != algorithm:
        raise ValueError(f"got a line that says {algorithm[:64]!r} and a key of {key.algorithm}, expected them equal")
    return PublicKey(key.algorithm, key.blob, key.key, comment.strip())


def read_blob(blob: bytes) -> PublicKey:
    """The key in wire form (RFC 4253 §6.6, PROTOCOL.u2f); raises as :func:`read_line` does."""
    if len(blob) > MAX_BLOB:
        raise ValueError(f"got a key of {len(blob)} bytes, expected at most {MAX_BLOB}")
    name, _ = take_string(blob)
    algorithm = name.decode("ascii", "replace")
    if algorithm.endswith(CERTIFICATE_SUFFIX):
        raise ValueError("got a certificate, expected a plain public key")
    if algorithm not in ALGORITHMS:
        raise WeakKey(f"got a key of kind {algorithm[:64]!r}, expected ed25519, ecdsa, or rsa of {RSA_MIN_BITS} bits")
    try:
        key = load_ssh_public_identity(name + b" " + base64.b64encode(blob))
    except PARSE_ERRORS as error:
        raise ValueError(f"got a malformed {algorithm} key: {error}") from None
    require_strong(cast(Key, key))
    canonical = serialize_ssh_public_key(cast(Key, key)).partition(b" ")[2]
    if not algorithm.startswith("sk-") and base64.b64decode(canonical) != blob:
        raise ValueError(f"got a {algorithm} key that is not in its one canonical form")
    return PublicKey(algorithm, blob, cast(Key, key))


def require_strong(key: object) -> None:
    """Raises WeakKey unless it is ed25519, ECDSA on a NIST curve, or RSA of RSA_MIN_BITS to RSA_MAX_BITS."""
    if isinstance(key, rsa.RSAPublicKey) and not RSA_MIN_BITS <= key.key_size <= RSA_MAX_BITS:
        raise WeakKey(f"got an RSA key of {key.key_size} bits, expected {RSA_MIN_BITS} to {RSA_MAX_BITS}")
    if not isinstance(key, Key):
        raise WeakKey(f"got a {type(key).__name__}, expected ed25519, ecdsa or rsa")


def string(value: bytes) -> bytes:
    """An SSH string: 32 bits of length, then the bytes (RFC 4251 §5)."""
    return len(value).to_bytes(4, "big") + value


def take_string(data: bytes) -> tuple[bytes, bytes]:
    """The SSH string that ``data`` begins with, and the rest; ValueError if it is cut short."""
    length = int.from_bytes(data[:4], "big")
    if len(data) < 4 or len(data) - 4 < length:
        raise ValueError(f"got {len(data)} bytes, expected an SSH string")
    return data[4 : 4 + length], data[4 + length :]


def _last_string(blob: bytes) -> bytes:
    value = b""
    while blob:
        value, blob = take_string(blob)
    return value
