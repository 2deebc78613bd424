"""Reads the files of a site: everything that is wrong in all of them is told in one run."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from msgspec import Struct

from jumphost.config import check, files
from jumphost.config.bind import Check, bind
from jumphost.config.settings import Settings
from jumphost.config.site import Site
from jumphost.config.tree import Findings, Node, parse, show
from jumphost.errors import Problem, Problems
from jumphost.model.approval import Approver
from jumphost.model.identity import IdentityEntry
from jumphost.model.target import Target

T = TypeVar("T", bound=Struct)
Read = Callable[[Path], bytes]
NO_CHECKS: Final[Mapping[str, Check]] = MappingProxyType({})


class SiteConfig(Struct, frozen=True):
    """All that the files of a site say; entries go by their names."""

    settings: Settings
    identities: dict[str, IdentityEntry]
    approvers: dict[str, Approver]
    targets: dict[str, Target]


def load_plain(path: Path) -> Any:
    """The YAML file as builtins, or Problems; what it may hold stands in ``config.tree``."""
    reading = _Reading()
    node = reading.tree(path)[0]
    reading.end()
    return node.plain() if node else None


def plain(data: bytes, file: str) -> Any:
    """As :func:`load_plain`, of bytes that were read already; ``file`` is what problems call them."""
    reading = _Reading(lambda _: data)
    node = reading.tree(Path(file))[0]
    reading.end()
    return node.plain() if node else None


def entry_line(path: Path, name: str) -> int:
    """The line of an entry of a file that could be read a moment ago; 0 if it is not there any more."""
    node = _Reading().tree(path)[0]
    return node.value[name].line if node and isinstance(node.value, dict) and name in node.value else 0


def load_identities(path: Path, *, read: Read = Path.read_bytes) -> dict[str, IdentityEntry]:
    """``identities.yaml`` alone, or Problems; whether its CAs are trusted only :func:`load_site` can tell."""
    reading = _Reading(read)
    entries = reading.identities(path, None)
    reading.end()
    return entries


def load_approvers(path: Path, *, read: Read = Path.read_bytes) -> dict[str, Approver]:
    """``approvers.yaml`` alone, or Problems."""
    reading = _Reading(read)
    entries = reading.approvers(path)
    reading.end()
    return entries


def load_targets(path: Path, *, read: Read = Path.read_bytes) -> dict[str, Target]:
    """``targets.yaml`` alone, or Problems."""
    reading = _Reading(read)
    entries = reading.targets(path)
    reading.end()
    return entries


def load_site(site: Site, *, read: Read = Path.read_bytes, checks: Mapping[str, Check] = NO_CHECKS) -> SiteConfig:
    """The whole site, or Problems with every finding of every file, in the order of the files.

    ``read`` gives the bytes of a YAML file: an edit is tried with the bytes that it would write. ``checks`` are more of
    them for the settings, of what only implementations know.
    """
    reading = _Reading(read)
    settings, callers = reading.settings(site, checks)
    identities = reading.identities(site.identities, callers)
    approvers = reading.approvers(site.approvers)
    targets = reading.targets(site.targets)
    reading.problems += files.modes(site)
    reading.end()
    assert settings is not None  # noqa: S101 - what is not read was reported
    return SiteConfig(settings, identities, approvers, targets)


def trial(site: Site, path: Path) -> Callable[[bytes], SiteConfig]:
    """Reads the site as it would be if ``path`` held other bytes; Problems if it would not be right."""
    return lambda data: load_site(site, read=lambda file: data if file == path else file.read_bytes())


class _Reading:
    """One run over some files: what could be read is handed on, what could not is collected."""

    def __init__(self, read: Read = Path.read_bytes) -> None:
        self._read = read
        self.problems: list[Problem] = []

    def end(self) -> None:
        """Raises Problems if there are any, file by file and line by line."""
        if self.problems:
            order = {problem.file: place for place, problem in reversed(list(enumerate(self.problems)))}
            raise Problems(sorted(self.problems, key=lambda problem: (order[problem.file], problem.line)))

    def tree(self, path: Path) -> tuple[Node | None, Findings]:
        """The located tree of a file, and where its problems go."""
        found = Findings(str(path), self.problems)
        try:
            return parse(self._read(path), found), found
        except OSError as error:
            found.add(0, "", f"cannot be read: {error.strerror}", code="site.file")
            return None, found

    def settings(self, site: Site, more: Mapping[str, Check]) -> tuple[Settings | None, Collection[str] | None]:
        """The settings, and the names of the caller CAs even where the settings are wrong elsewhere."""
        node, found = self.tree(site.settings)
        if node is None:
            return None, None
        callers = node.value.get("callers") if isinstance(node.value, dict) else None
        names = callers.value.keys() if callers and isinstance(callers.value, dict) else None
        checks = {
            **check.SETTINGS,
            **more,
            "callers.*.ca": files.caller_ca(site),
            "policy.bundle": files.bundle(site),
            "policy.token": files.secret(site),
            "policy.ca": files.present(site),
            "exchange.cert": files.present(site),
            "exchange.key": files.secret(site),
            "issuers": check.issuers(names),
            "issuers.*.jwks": files.keys(site),
            "issuers.*.ca": files.present(site),
            "issuers.*.certificate": files.present(site),
            "credentials.*.admin": files.secret(site),
            "credentials.*.ca": files.present(site),
            "credentials.*.identity": files.closed(site),
            "credentials.*.key": files.closed(site),
        }
        return bind(node, Settings, found, checks=checks), names

    def identities(self, path: Path, callers: Collection[str] | None) -> dict[str, IdentityEntry]:
        nodes, found = self._entries(path)
        check.identities(nodes, found, callers)
        return self._bound(nodes, IdentityEntry, check.IDENTITY, found)

    def approvers(self, path: Path) -> dict[str, Approver]:
        nodes, found = self._entries(path)
        check.approvers(nodes, found)
        return self._bound(nodes, Approver, check.APPROVER, found)

    def targets(self, path: Path) -> dict[str, Target]:
        nodes, found = self._entries(path)
        check.targets(nodes, found)
        checks = check.TARGET | {"sandbox.read.*": check.readable(path.parent)}
        return self._bound(nodes, Target, checks, found, named=True)

    def _entries(self, path: Path) -> tuple[dict[str, Node], Findings]:
        node, found = self.tree(path)
        if node is None or node.value is None:  # a file of comments has no entries
            return {}, found
        if not isinstance(node.value, dict):
            found.add(node.line, "", f"got {show(node.value)}, expected a mapping of names", code="schema.value")
            return {}, found
        for key, entry in node.value.items():
            check.entry_name(key, entry, found)
        return node.value, found

    def _bound(
        self,
        nodes: Mapping[str, Node],
        want: type[T],
        checks: Mapping[str, Check],
        found: Findings,
        named: bool = False,
    ) -> dict[str, T]:
        made = {}
        for key, node in nodes.items():
            entry = bind(node, want, found, key=key, checks=checks, given={"name": key} if named else None)
            if entry is not None:
                made[key] = entry
        return made
