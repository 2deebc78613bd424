from pathlib import Path

import pytest

from jumphost.credential.login import read_login


def test_a_password_may_hold_colons_and_spaces(tmp_path: Path) -> None:
    (tmp_path / "admin").write_text("keeper:of the keeper: 7\n")
    name, password = read_login(tmp_path / "admin")
    assert (name, password.reveal()) == ("keeper", b"of the keeper: 7")


@pytest.mark.parametrize("text", [b"", b"keeper", b"keeper:", b":password", b"\n"])
def test_what_is_no_login(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "admin").write_bytes(text)
    with pytest.raises(ValueError, match="got no NAME:PASSWORD in"):
        read_login(tmp_path / "admin")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: FileNotFoundError"):
        read_login(tmp_path / "none")
    (tmp_path / "admin").write_bytes(b"\xff:x")
    with pytest.raises(ValueError, match="cannot be read: UnicodeDecodeError"):
        read_login(tmp_path / "admin")
