"""A site: one directory, and the paths in it (CONTRACTS §1)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Site:
    """Where everything of a site lies; no method touches the disk."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "jumphost.yaml"

    @property
    def identities(self) -> Path:
        return self.root / "identities.yaml"

    @property
    def approvers(self) -> Path:
        return self.root / "approvers.yaml"

    @property
    def targets(self) -> Path:
        return self.root / "targets.yaml"

    @property
    def policies(self) -> Path:
        return self.root / "policies"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def signer(self) -> Path:
        return self.root / "signer"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def recordings(self) -> Path:
        return self.root / "recordings"

    @property
    def journal_db(self) -> Path:
        return self.state / "journal.db"

    @property
    def requests_db(self) -> Path:
        return self.state / "requests.db"

    @property
    def control_socket(self) -> Path:
        return self.run / "control.sock"

    @property
    def signer_socket(self) -> Path:
        return self.run / "signer.sock"

    @property
    def ready_file(self) -> Path:
        return self.run / "ready.json"

    def resolve(self, path: str) -> Path:
        """A path of the settings: absolute as it is, else relative to the site."""
        return self.root / path
