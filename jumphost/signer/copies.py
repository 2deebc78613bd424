"""The signer's own reading of the site's files, fresh whenever one of them changed."""

from pathlib import Path

from jumphost.config.files import read_publics
from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Problems, Unavailable
from jumphost.signer.callers import Ceiling
from jumphost.signer.keys import Keys

_Stamp = tuple[tuple[int, int, int], ...]


class Copies:
    """What the files say now; a file that cannot be read means that nothing is signed."""

    def __init__(self, site: Site, keys: Keys) -> None:
        self._site, self._keys = site, keys
        self._stamp: _Stamp = ()
        self._config: SiteConfig | None = None

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
                if any(key.blob == ours for key in read_publics(self._site.resolve(settings.ca))):
                    return Ceiling(name, settings.max_ttl, settings.renew_for, self._keys.callers())
            except ValueError as error:
                raise Unavailable(Code.SIGNER_UNAVAILABLE, str(error)) from None
        raise Unavailable(
            Code.SIGNER_UNAVAILABLE,
            "got no CA under callers: that is signer/caller_ca, expected keys/caller_ca.pub there",
        )

    def _look(self) -> _Stamp:
        """What would differ if a file did; taken before it is read, so that a later change is seen the next time."""
        files: tuple[Path, ...] = (
            self._site.settings,
            self._site.identities,
            self._site.approvers,
            self._site.targets,
        )
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in (path.stat() for path in files))
