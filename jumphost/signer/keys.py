"""The signer's own keys, as its folder has them now: a rotation puts another in the place of one while we run."""

from pathlib import Path
from typing import Literal

from jumphost.config.site import Site
from jumphost.errors import Code, Unavailable
from jumphost.signer import mint
from jumphost.signer.draft import refuse
from jumphost.signer.mint import SigningKey
from jumphost.sshkey import read_line

Name = Literal["caller", "target", "host"]
_NEEDED: tuple[Name, ...] = ("caller", "target")
_Stamp = tuple[tuple[int, int, int] | None, ...]


class Keys:
    """The CA keys. A site that was made before there was a host CA has none until one is made."""

    def __init__(self, site: Site) -> None:
        """Reads them; Unavailable (signer.unavailable) if one cannot be used, or one is there twice."""
        self._site = site
        self._files = [site.signer / f"{name}_ca" for name in ("caller", "target", "host")]
        self._old = site.signer / "caller_ca_old.pub"
        self._stamp: _Stamp = ()
        self._keys: dict[Name, SigningKey] = {}
        self._blobs: dict[Name, bytes] = {}
        self._callers: frozenset[bytes] = frozenset()
        self._refresh()

    def key(self, name: Name) -> SigningKey:
        """The key that signs now; Refused (signer.refused) if the site has none of this kind."""
        self._refresh()
        if name not in self._keys:
            refuse(f"got a question for the {name} CA, expected a site that has one: `jumphost ca rotate {name}`")
        return self._keys[name]

    def caller(self) -> bytes:
        """The caller CA's public key in wire form."""
        self._refresh()
        return self._blobs["caller"]

    def callers(self) -> frozenset[bytes]:
        """Those whose certificates buy the next one: the caller CA, and the one before it while it is still trusted."""
        self._refresh()
        return self._callers

    def _refresh(self) -> None:
        stamp = tuple(_look(path) for path in (*self._files, self._old))
        if stamp == self._stamp:
            return
        names: tuple[Name, ...] = ("caller", "target", "host")
        keys = {
            name: mint.load_key(path)
            for name, path in zip(names, self._files, strict=True)
            if name in _NEEDED or path.exists()
        }
        blobs = {name: read_line(mint.public_line(key)).blob for name, key in keys.items()}
        if len(set(blobs.values())) != len(blobs):
            raise Unavailable(Code.SIGNER_UNAVAILABLE, "got one key as two CAs, expected one each")
        self._keys, self._blobs = keys, blobs
        self._callers = frozenset({blobs["caller"], *_public(self._old)})
        self._stamp = stamp


def _public(path: Path) -> set[bytes]:
    try:
        return {read_line(path.read_text()).blob}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        raise Unavailable(Code.SIGNER_UNAVAILABLE, f"the signer cannot use {path}: {error}") from None


def _look(path: Path) -> tuple[int, int, int] | None:
    """What would differ if the file did; taken before it is read, so that a later change is seen the next time."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
