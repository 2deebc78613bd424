"""Writes a new site: the whole folder of CONTRACTS §1, or nothing."""

import base64
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import jumphost
from jumphost.config.edit import render
from jumphost.config.site import Site
from jumphost.errors import Problem, Problems

LISTEN = "127.0.0.1:2222"
_REQUESTS_KEY_BYTES = 32  # AES-256
_FOLDERS = ("keys", "signer", "state", "run", "recordings", "policies/rules", "policies/data", "policies/profiles")


def create_site(root: Path, *, listen: str = LISTEN, example: bool = False) -> Site:
    """Writes a site that is ready to serve, folders 0700 and files 0600, and gives it back.

    With ``example`` it holds the identities, approvers and targets that the starter policies speak of, and ``example/``
    the private keys of the approvers. Problems if ``root`` is there and not empty, or cannot be made: nothing is left.
    """
    root = root.resolve()
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        _refuse(root, "got something that is there, expected a new or an empty folder: nothing is ever overwritten")
    try:
        building = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    except OSError as error:
        _refuse(root, f"cannot be made: {error.strerror}")
    try:
        _fill(Site(building), listen, example)
        building.rename(root)  # onto an empty folder at most: rename(2) refuses any other
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        _refuse(root, f"cannot be made: {error.strerror}")
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Site(root)


def write_key_pair(path: Path, comment: str) -> str:
    """A new ed25519 key in OpenSSH's format at ``path`` (0600), its public line in ``path.pub`` and given back."""
    key = Ed25519PrivateKey.generate()
    write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    line = f"{key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} {comment}"
    write_new(path.with_name(path.name + ".pub"), f"{line}\n".encode())
    return line


def write_new(path: Path, data: bytes) -> None:
    """A file that was not there, 0600 and on disk; FileExistsError if it was."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def starter_policies() -> Path:
    """Where the starter bundle lies: in the wheel, else in the repository."""
    package = Path(jumphost.__file__).parent
    shipped = package / "_policies"
    return shipped if shipped.is_dir() else package.parent / "policies"


def _fill(site: Site, listen: str, example: bool) -> None:
    _copy(starter_policies(), site.policies)
    for folder in _FOLDERS:
        (site.root / folder).mkdir(mode=0o700, exist_ok=True)
    write_key_pair(site.keys / "host_key", "jumphost host key")
    write_key_pair(site.keys / "checkpoint_key", "jumphost checkpoint key")
    write_new(site.keys / "requests_key", base64.b64encode(secrets.token_bytes(_REQUESTS_KEY_BYTES)))
    for name in ("caller_ca", "target_ca", "host_ca"):
        line = write_key_pair(site.signer / name, f"jumphost {name.replace('_ca', '')} CA")
        write_new(site.keys / f"{name}.pub", f"{line}\n".encode())
    entries = _example(site) if example else {}
    for path in (site.settings, site.identities, site.approvers, site.targets):
        text = files("jumphost.config").joinpath("starter", path.name).read_text(encoding="utf-8")
        blocks = [render(name, entry) for name, entry in entries.get(path, {}).items()]
        write_new(path, "\n".join([text.replace(LISTEN, listen), *blocks]).encode())


def _copy(source: Path, place: Path) -> None:
    """Folders and plain files, with our modes whatever theirs are."""
    place.mkdir(mode=0o700)
    for entry in sorted(source.iterdir()):
        if entry.is_symlink():
            continue
        if entry.is_dir():
            _copy(entry, place / entry.name)
        elif entry.is_file():
            write_new(place / entry.name, entry.read_bytes())


def _example(site: Site) -> dict[Path, Mapping[str, Mapping[str, Any]]]:
    """The names of the starter policies and their tables (CONTRACTS §1)."""
    folder = site.root / "example"
    folder.mkdir(mode=0o700)
    host_key = write_key_pair(folder / "host_key", "example host key")
    machines = {
        "batch-reader": ("data-team", "readonly"),
        "order-service": ("payments-team", "payments"),
        "deploy-bot": ("platform-team", "deploy"),
        "backup-job": ("platform-team", "backup"),
        "night-shift": ("platform-team", "break-glass"),
    }
    people = {"alice": ["dba"], "bob": ["security"], "carol": ["dba", "security"]}
    return {
        site.identities: {name: {"owner": owner, "groups": [group]} for name, (owner, group) in machines.items()},
        site.approvers: {
            name: {"groups": held, "keys": [write_key_pair(folder / name, name)]} for name, held in people.items()
        },
        site.targets: {
            "batch-host": {
                "host": "127.0.0.1",
                "logins": ["batch"],
                "labels": {"env": "dev"},
                "host_keys": [host_key],
            },
            "payments-db": {
                "host": "127.0.0.1",
                "logins": ["app", "postgres"],
                "labels": {"env": "prod", "data": "payments"},
                "host_keys": [host_key],
            },
        },
    }


def _refuse(root: Path, message: str) -> NoReturn:
    raise Problems([Problem(str(root), 0, "", message, code="site.create")])
