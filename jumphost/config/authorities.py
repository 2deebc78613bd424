"""Changing a CA of a site while it runs. Between any two of these steps, and after a crash in one, nobody is refused.

(1) ``begin``: a new key lies beside the old one, and both are trusted: by the gateway at once, by targets and clients
as soon as they have the new line too. The old one signs.
(2) ``switch``: the new key signs, and is listed first; the old private key is gone, its certificates are still taken.
(3) ``retire``: the old one is trusted no more.

The signer's folder holds ``X_ca``, from (1) to (2) ``X_ca_next``, from (2) to (3) ``X_ca_old.pub``. Trusted is what
``keys/X_ca.pub`` lists, one key a line; of callers, the file that ``callers:`` names. Each step can be asked for again.
"""

import os
from pathlib import Path
from typing import Literal, NoReturn

from msgspec import Struct

from jumphost.config.create import write_key_pair
from jumphost.config.edit import replace
from jumphost.config.files import read_public, read_publics
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused
from jumphost.sshkey import PublicKey

Kind = Literal["caller", "target", "host"]
KINDS: tuple[Kind, ...] = ("caller", "target", "host")


class State(Struct, frozen=True, forbid_unknown_fields=True):
    """Fingerprints of a CA's keys: the one that signs, the one that is to come, and the one that went."""

    kind: Kind
    signs: str = ""
    next: str = ""
    old: str = ""
    trusted: tuple[str, ...] = ()


class Authority:
    """One CA of a site; Refused (request.invalid) for a step whose turn it is not, OSError."""

    def __init__(self, site: Site, kind: Kind) -> None:
        self.kind = kind
        self._site = site
        self._key = site.signer / f"{kind}_ca"
        self._public = site.signer / f"{kind}_ca.pub"
        self._next = site.signer / f"{kind}_ca_next"
        self._next_public = site.signer / f"{kind}_ca_next.pub"
        self._old = site.signer / f"{kind}_ca_old.pub"
        self._usual = site.keys / f"{kind}_ca.pub"

    def state(self) -> State:
        """What there is."""
        return State(
            self.kind,
            signs=_fingerprint(self._public),
            next=_fingerprint(self._next_public),
            old=_fingerprint(self._old),
            trusted=tuple(key.fingerprint for key in self._trusted()),
        )

    def begin(self) -> State:
        """Makes the next key; the first one, where the site has no CA of this kind, signs at once."""
        if self._old.exists():
            _refuse(f"the {self.kind} CA of before is trusted still: `jumphost ca retire {self.kind}` ends that first")
        key, public = (self._next, self._next_public) if self._key.exists() else (self._key, self._public)
        if not public.exists() or not key.exists():
            key.unlink(missing_ok=True)
            public.unlink(missing_ok=True)
            write_key_pair(key, f"jumphost {self.kind} CA")
            for path in (key, public):
                _take_owner(path)
        self._trust([*self._trusted(), read_public(public)])
        return self.state()

    def switch(self) -> State:
        """From now on the next key signs."""
        if self._next.exists():
            replace(self._old, self._public.read_bytes())
            _take_owner(self._old)
            self._next.replace(self._key)
        if not self._next_public.exists():
            _refuse(f"got no next {self.kind} CA, expected one: `jumphost ca rotate {self.kind}` makes it")
        self._next_public.replace(self._public)
        signs = read_public(self._public)
        self._trust([signs, *(key for key in self._trusted() if key.blob != signs.blob)])
        return self.state()

    def retire(self) -> State:
        """From now on certificates of the old key are refused."""
        if not self._old.exists() or self._next_public.exists():
            _refuse(f"got no old {self.kind} CA, expected one: `jumphost ca switch {self.kind}` comes before")
        gone = read_public(self._old).blob
        self._trust([key for key in self._trusted() if key.blob != gone])
        self._old.unlink()
        return self.state()

    def switched_s(self) -> float:
        """When the old key went, in seconds since the epoch; 0 if there is none."""
        return self._old.stat().st_mtime if self._old.exists() else 0.0

    def _trusted(self) -> list[PublicKey]:
        path = self._list()
        return read_publics(path) if path.exists() else []

    def _trust(self, keys: list[PublicKey]) -> None:
        lines = dict.fromkeys(f"{key.line} {key.comment}".strip() for key in keys)
        for path in dict.fromkeys((self._usual, self._list())):
            replace(path, "".join(f"{line}\n" for line in lines).encode())
            _take_owner(path)

    def _list(self) -> Path:
        """Where the trusted keys stand that count: ``callers:`` may name another file than the usual one."""
        if self.kind != "caller":
            return self._usual
        ours = read_public(self._public).blob
        files = [self._site.resolve(one.ca) for one in load_site(self._site).settings.callers.values()]
        found = [path for path in files if any(key.blob == ours for key in read_publics(path))]
        if not found:
            _refuse("got no CA under callers: that is the signer's, expected its public key there")
        return found[0]


def _fingerprint(path: Path) -> str:
    return read_public(path).fingerprint if path.exists() else ""


def _take_owner(path: Path) -> None:
    """As root: the file is whose the folder is, so that signer and gateway can read what is theirs."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)


def _refuse(message: str) -> NoReturn:
    raise Refused(Code.REQUEST_INVALID, message)
