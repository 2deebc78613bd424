"""The registered identities, and which of them a certificate names."""

from collections.abc import Mapping, Sequence

from jumphost.errors import Code, Refused
from jumphost.model.identity import IdentityEntry


class Registry:
    """An immutable view of ``identities.yaml``."""

    def __init__(self, entries: Mapping[str, IdentityEntry]) -> None:
        self._entries = dict(entries)

    def find(self, *, ca: str, key_id: str, principals: Sequence[str]) -> tuple[str, IdentityEntry]:
        """The one enabled entry that a certificate of the CA (its name under ``callers:``) names.

        Raises Refused: identity.unknown if there is none or more than one, identity.disabled.
        """
        found = [
            (name, entry)
            for name, entry in self._entries.items()
            if entry.callers == ca and entry.named_by(name, key_id=key_id, principals=principals)
        ]
        if len(found) != 1:
            raise Refused(
                Code.IDENTITY_UNKNOWN,
                "the certificate names no registered identity",
                detail=f"got key id {key_id!r}, principals {list(principals)} by {ca!r}: {len(found)} entries match",
            )
        name, entry = found[0]
        _check_enabled(name, entry)
        return name, entry

    def check(self, name: str) -> None:
        """Refused (identity.unknown, identity.disabled) unless there is an enabled entry of this name."""
        if name not in self._entries:
            raise Refused(Code.IDENTITY_UNKNOWN, f"the identity {name} is not registered")
        _check_enabled(name, self._entries[name])


def _check_enabled(name: str, entry: IdentityEntry) -> None:
    if not entry.enabled:
        raise Refused(Code.IDENTITY_DISABLED, f"the identity {name} is disabled")
