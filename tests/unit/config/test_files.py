from pathlib import Path

import pytest

from jumphost.config import files
from jumphost.config.site import Site


def test_a_new_site_has_all_and_keeps_it_to_itself(site: Site) -> None:
    assert files.modes(site) == []
    assert files.missing(site) == []


def test_modes(site: Site) -> None:
    site.signer.chmod(0o750)
    (site.keys / "host_key").chmod(0o640)
    (site.keys / "host_key.pub").chmod(0o644)
    (site.signer / "caller_ca.pub").chmod(0o664)
    assert [(Path(problem.file).name, problem.message.split(":")[0]) for problem in files.modes(site)] == [
        ("host_key", "got mode 0640, expected 0600"),
        ("signer", "got mode 0750, expected 0700"),
        ("caller_ca.pub", "got mode 0664, expected 0600"),
    ]
    assert files.modes(site)[0].fix == f"chmod 0600 {site.keys / 'host_key'}"


def test_a_folder_that_is_not_ours_is_passed_over(tmp_path: Path) -> None:
    assert files.modes(Site(tmp_path)) == []


def test_a_dangling_link_is_no_fault_of_modes(site: Site) -> None:
    (site.keys / "old").symlink_to(site.root / "nowhere")
    assert files.modes(site) == []


def test_missing(site: Site) -> None:
    (site.keys / "requests_key").unlink()
    assert [Path(problem.file).name for problem in files.missing(site)] == ["requests_key"]


def test_keys_that_cannot_be_looked_at_are_named(site: Site) -> None:
    site.keys.rename(site.root / "elsewhere")
    site.keys.write_text("")  # a file is no folder: what a folder of another uid is to those who are not root
    assert {problem.message for problem in files.missing(site)} == {"cannot be read: Not a directory"}


def test_the_caller_ca_is_neither_the_target_ca_nor_trusted_twice(site: Site) -> None:
    look = files.caller_ca(site)
    assert list(look("keys/caller_ca.pub")) == []
    (again,) = look(str(site.signer / "caller_ca.pub"))
    assert again.startswith("got the CA of another caller in ")
    (private,) = look("signer/caller_ca")
    assert private.startswith(f"{site.signer / 'caller_ca'}: got ")
    (target,) = look("keys/target_ca.pub")
    assert target.startswith("got the target CA in ")


def test_without_a_target_ca_only_the_callers_are_compared(tmp_path: Path, site: Site) -> None:
    assert list(files.caller_ca(Site(tmp_path))(str(site.keys / "caller_ca.pub"))) == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff\xfe", "got no text in "),
        (b"", "got no line or several"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "got "),
    ],
)
def test_what_is_no_public_key_file(tmp_path: Path, data: bytes | None, says: str) -> None:
    path = tmp_path / "key.pub"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ValueError, match=says):
        files.read_public(path)


def test_a_bundle_is_a_folder(site: Site) -> None:
    look = files.bundle(site)
    assert list(look("policies")) == []
    assert list(look("nowhere")) == [f"got 'nowhere', expected a folder: there is none at {site.root / 'nowhere'}"]


def test_a_file_that_must_be_there(site: Site) -> None:
    (message,) = files.present(site)("none.pem")
    assert message == f"got 'none.pem', expected a file: there is none at {site.root / 'none.pem'}"
    assert not list(files.present(site)("keys/caller_ca.pub"))


def test_a_file_that_nobody_else_may_read(site: Site) -> None:
    token = site.root / "token"
    (message,) = files.secret(site)("token")
    assert "there is none" in message
    token.write_text("x")
    token.chmod(0o640)
    (message,) = files.secret(site)("token")
    assert message.startswith("got mode 0640, expected 0600")
    token.chmod(0o600)
    assert not list(files.secret(site)(str(token)))
