"""The signer's own reading of the site's files, fresh whenever one of them changed."""

from pathlib import Path

from jumphost.config.files import read_publics
from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Problems, Unavailable
from jumphost.signer.callers import Ceiling
from jumphost.signer.keys import Keys

_Look = tuple[int, int, int]
_Stamp = tuple[_Look, ...]


class Copies:
    """What the files say now; a file that cannot be read means that nothing is signed."""

    def __init__(self, site: Site, keys: Keys) -> None:
        self._site, self._keys = site, keys
        self._stamp: _Stamp = ()
        self._config: SiteConfig | None = None
        self._cas: dict[Path, tuple[_Look, frozenset[bytes]]] = {}

    def current(self) -> SiteConfig:
        """The whole site; Unavailable (signer.unavailable) if it has problems."""
        try:
            stamp = self._look()
            if self._config is None or stamp != self._stamp:
                self._config = None
                self._config = load_site(self._site)
                self._stamp = stamp
        except (OSError, Problems) as error:
            raise Unavailable(
                Code.SIGNER_UNAVAILABLE,
                "the signer cannot read the site's files: see `jumphost config check`",
                detail=str(error),
            ) from None
        return self._config

    def ceiling(self) -> Ceiling:
        """What the settings say of our caller CA; Unavailable (signer.unavailable) if they do not name it."""
        ours = self._keys.caller()
        for name, settings in self.current().settings.callers.items():
            try:
                if ours in self._blobs(self._site.resolve(settings.ca)):
                    return Ceiling(name, settings.max_ttl, settings.renew_for, self._keys.callers())
            except ValueError as error:
                raise Unavailable(Code.SIGNER_UNAVAILABLE, str(error)) from None
        raise Unavailable(
            Code.SIGNER_UNAVAILABLE,
            "got no CA under callers: that is signer/caller_ca, expected keys/caller_ca.pub there",
        )

    def _blobs(self, path: Path) -> frozenset[bytes]:
        """The keys of a CA file; ValueError if it holds none."""
        try:
            stamp = _look(path)
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from None
        known = self._cas.get(path)
        if known is None or known[0] != stamp:
            known = self._cas[path] = stamp, frozenset(key.blob for key in read_publics(path))
        return known[1]

    def _look(self) -> _Stamp:
        """Of each file."""
        files: tuple[Path, ...] = (
            self._site.settings,
            self._site.identities,
            self._site.approvers,
            self._site.targets,
        )
        return tuple(map(_look, files))


def _look(path: Path) -> _Look:
    """What would differ if the file did; taken before it is read, so that a later change is seen the next time."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
