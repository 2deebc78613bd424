"""A new site is whole, private, and never written over anything."""

import base64
import os
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from jumphost.config import create
from jumphost.config.create import create_site, starter_policies, write_key_pair, write_new
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.errors import Problems
from jumphost.sshkey import read_line


def listing(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}


def test_the_layout_is_the_contract(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site", listen="127.0.0.1:0")
    found = listing(site.root)
    assert {path for path in found if not path.startswith("policies/")} == {
        ".",
        "jumphost.yaml",
        "identities.yaml",
        "approvers.yaml",
        "targets.yaml",
        "policies",
        "keys",
        "keys/host_key",
        "keys/host_key.pub",
        "keys/checkpoint_key",
        "keys/checkpoint_key.pub",
        "keys/requests_key",
        "keys/caller_ca.pub",
        "keys/target_ca.pub",
        "keys/host_ca.pub",
        "signer",
        "signer/caller_ca",
        "signer/caller_ca.pub",
        "signer/target_ca",
        "signer/target_ca.pub",
        "signer/host_ca",
        "signer/host_ca.pub",
        "state",
        "run",
        "recordings",
    }
    assert {"policies/rules", "policies/data", "policies/profiles", "policies/.manifest"} <= set(found)
    assert "policies/.regal/config.yaml" in found  # owners lint their rules as these are linted
    assert all(mode == (0o700 if (site.root / path).is_dir() else 0o600) for path, mode in found.items())
    assert load_site(site).settings.listen == "127.0.0.1:0"


def test_a_generous_umask_changes_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        site = create_site(tmp_path / "site", example=True)
    finally:
        os.umask(before)
    assert set(listing(site.root).values()) == {0o600, 0o700}


def test_the_bundle_is_the_starter_bundle(site: Site) -> None:
    def files(root: Path) -> dict[str, bytes]:
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    assert files(site.policies) == files(starter_policies())


def test_keys_are_ours_alone_and_in_the_form_of_openssh(site: Site) -> None:
    names = ["keys/host_key", "keys/checkpoint_key", "signer/caller_ca", "signer/target_ca", "example/alice"]
    lines = set()
    for name in names:
        key = load_ssh_private_key((site.root / name).read_bytes(), None)
        line = (site.root / f"{name}.pub").read_text()
        assert read_line(line).key == key.public_key()
        lines.add(read_line(line).line)
    assert len(lines) == len(names)
    for name in ("caller_ca.pub", "target_ca.pub"):
        assert (site.keys / name).read_bytes() == (site.signer / name).read_bytes()
    assert len(base64.b64decode((site.keys / "requests_key").read_bytes(), validate=True)) == 32


def test_ssh_keygen_reads_them(tmp_path: Path) -> None:
    line = write_key_pair(tmp_path / "key", "my key")
    try:
        said = subprocess.run(["ssh-keygen", "-y", "-f", tmp_path / "key"], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("no ssh-keygen: install openssh-client")
    assert line == f"{said.stdout.split()[0]} {said.stdout.split()[1]} my key"


def test_the_example_approvers_hold_their_keys(site: Site) -> None:
    for name, entry in load_site(site).approvers.items():
        assert entry.keys == ((site.root / "example" / f"{name}.pub").read_text().strip(),)


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    root = tmp_path / "site"
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("mine")
    if there == "file":
        root.write_text("mine")
    elif there == "folder":
        kept.rename(root)
    else:
        root.symlink_to(kept)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Problems, match="expected a new or an empty folder: nothing is ever overwritten"):
        create_site(root)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    load_site(create_site(tmp_path / "site"))


def test_a_folder_that_fills_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = create._fill

    def meanwhile(site: Site, listen: str, example: bool) -> None:
        real(site, listen, example)
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "mine").write_text("mine")

    monkeypatch.setattr(create, "_fill", meanwhile)
    with pytest.raises(Problems, match="cannot be made: Directory not empty"):
        create_site(tmp_path / "site")
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "mine"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_halfway_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def fail(_: Path, __: str) -> str:
        raise fault

    monkeypatch.setattr(create, "write_key_pair", fail)
    with pytest.raises(Problems if isinstance(fault, OSError) else KeyboardInterrupt):
        create_site(tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="cannot be made: No such file or directory"):
        create_site(tmp_path / "nowhere" / "site")


def test_of_the_bundle_only_files_and_folders_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / ".manifest").write_text("{}")
    (bundle / "link").symlink_to("/etc/passwd")
    os.mkfifo(bundle / "fifo")
    monkeypatch.setattr(create, "starter_policies", lambda: bundle)
    policies = create_site(tmp_path / "site").policies
    assert {path.name for path in policies.iterdir()} == {".manifest", "rules", "data", "profiles"}


def test_a_new_file_is_new(tmp_path: Path) -> None:
    write_new(tmp_path / "a", b"1")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"1"
