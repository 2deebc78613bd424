from pathlib import Path

from jumphost.config.site import Site


def test_paths_are_those_of_the_contract() -> None:
    root = Path("/s")
    site = Site(root)
    names = {
        "settings": "jumphost.yaml",
        "identities": "identities.yaml",
        "approvers": "approvers.yaml",
        "targets": "targets.yaml",
        "policies": "policies",
        "keys": "keys",
        "signer": "signer",
        "state": "state",
        "run": "run",
        "recordings": "recordings",
        "journal_db": "state/journal.db",
        "requests_db": "state/requests.db",
        "control_socket": "run/control.sock",
        "signer_socket": "run/signer.sock",
        "ready_file": "run/ready.json",
    }
    assert {name: getattr(site, name) for name in names} == {name: root / path for name, path in names.items()}


def test_settings_paths_are_relative_to_the_site_or_absolute() -> None:
    assert Site(Path("/s")).resolve("a/b") == Path("/s/a/b")
    assert Site(Path("/s")).resolve("/a/b") == Path("/a/b")
