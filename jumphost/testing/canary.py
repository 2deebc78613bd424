"""``python -m jumphost.testing.canary FOLDER --site DIR``: a gateway that tells the secrets which it makes to FOLDER.

The product has no way to be told so: what makes keys is wrapped here, in this process alone, and then the site is
served as always. Where FOLDER has a file ``fault``, a key that was made cannot be used.
"""

import base64
import sys
from pathlib import Path
from typing import Any

import asyncssh
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from jumphost.cli.main import main
from jumphost.secret import Secret


def forms(secret: bytes) -> list[bytes]:
    """How a secret may stand in something larger: as it is, in hex, in base64 at each of its three alignments."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret)
        own = whole[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6]  # the characters that are made of it alone
        found += [own, own.translate(bytes.maketrans(b"+/", b"-_"))]
    return found


def private(key: bytes) -> bytes:
    """The secret of an Ed25519 key in OpenSSH's form: 32 bytes."""
    loaded = load_ssh_private_key(key, password=None)
    assert isinstance(loaded, Ed25519PrivateKey)
    return loaded.private_bytes_raw()


def holds(text: bytes, secret: bytes) -> bool:
    """Whether a secret stands in a text in any form, across the ends of its lines too."""
    joined = text.replace(b"\\n", b"").replace(b"\n", b"")
    return any(form in text or form in joined for form in forms(secret))


def _serve(folder: Path) -> None:
    made, use = asyncssh.generate_private_key, asyncssh.load_keypairs

    def generate_private_key(*given: Any, **how: Any) -> asyncssh.SSHKey:
        key = made(*given, **how)
        (folder / f"minted-{len(list(folder.iterdir()))}").write_bytes(key.export_private_key("openssh"))
        return key

    def load_keypairs(*given: Any, **how: Any) -> Any:
        if (folder / "fault").exists():
            raise ZeroDivisionError
        return use(*given, **how)

    keep = Secret.__init__

    def told(secret: Secret, value: bytes) -> None:
        keep(secret, value)
        (folder / f"secret-{len(list(folder.iterdir()))}").write_bytes(value)

    Secret.__init__ = told  # type: ignore[assignment,method-assign]
    vars(asyncssh).update(generate_private_key=generate_private_key, load_keypairs=load_keypairs)
    main()


if __name__ == "__main__":
    found = Path(sys.argv.pop(1))
    sys.argv[1:1] = ["serve"]
    _serve(found)
