"""A statement signed by a key file or by the agent that holds the key: what comes out is what the desk takes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from msgspec.structs import replace

from jumphost.approval import desk
from jumphost.approval.signing import signed
from jumphost.clock import rfc3339
from jumphost.errors import Code, Refused
from jumphost.model.approval import Approval, Approver, Hold
from jumphost.testing.clock import ManualClock
from jumphost.testing.people import pending

KINDS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "ssh-rsa"]
CLOCK = ManualClock()
HOLD = pending(CLOCK)


@pytest.fixture(scope="module", params=KINDS)
def key(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key file; its public half lies beside it."""
    path = tmp_path_factory.mktemp("key") / "id"
    options = {"key_size": 3072} if request.param == "ssh-rsa" else {}
    made = asyncssh.generate_private_key(request.param, **options)
    made.write_private_key(path)
    made.write_public_key(public(path))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A real ssh-agent, empty."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("install openssh-client: no ssh-agent on PATH")
    socket = tmp_path_factory.mktemp("agent") / "socket"
    with pytest.MonkeyPatch.context() as patch, subprocess.Popen(["ssh-agent", "-D", "-a", socket]) as process:
        patch.setenv("SSH_AUTH_SOCK", str(socket))
        while not socket.exists():
            assert process.poll() is None
        yield
        process.terminate()


def public(key: Path) -> Path:
    return key.with_name(key.name + ".pub")


def sign(key: Path, hold: Hold = HOLD) -> Approval:
    return signed(
        hold=hold.id,
        request_digest=hold.request_digest,
        verdict="approve",
        approver="alice",
        reason="fine",
        at=rfc3339(CLOCK.now_ns()),
        not_after=rfc3339(hold.expires_ns),
        key=key,
    )


def taken(given: Approval, key: Path) -> Hold:
    people = {"alice": Approver(keys=(public(key).read_text(),), groups=("dba",))}
    return desk.answered(HOLD, given, people, CLOCK.now_ns())


def test_a_key_file_signs_what_the_desk_takes(key: Path) -> None:
    given = sign(key)
    assert (given.approver, given.verdict, given.reason) == ("alice", "approve", "fine")
    assert taken(given, key).state == "approved"
    with pytest.raises(Refused):
        taken(replace(given, reason="another"), key)


@pytest.mark.usefixtures("agent")
def test_an_agent_signs_what_the_desk_takes(key: Path) -> None:
    subprocess.run(["ssh-add", "-q", key], check=True)
    assert taken(sign(public(key)), key).state == "approved"


@pytest.mark.usefixtures("agent")
def test_an_agent_without_the_key(tmp_path: Path) -> None:
    path = tmp_path / "id.pub"
    asyncssh.generate_private_key("ssh-ed25519").write_public_key(path)
    assert "the agent does not have it" in refusal(path)


def test_no_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "id.pub"
    asyncssh.generate_private_key("ssh-ed25519").write_public_key(path)
    for place in (str(tmp_path / "nothing"), ""):
        monkeypatch.setenv("SSH_AUTH_SOCK", place)
        assert "expected a key that the ssh-agent holds" in refusal(path)


@pytest.mark.parametrize("name", ["id", "id.pub"])
def test_wrong_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert str(path) in refusal(path)
    path.write_bytes(os.urandom(64))
    assert str(path) in refusal(path)
    path.unlink()
    path.mkdir()
    assert str(path) in refusal(path)


def test_a_key_under_a_passphrase_is_for_the_agent(tmp_path: Path) -> None:
    path = tmp_path / "id"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(path, passphrase="secret")
    assert "expected a private key without passphrase" in refusal(path)


def refusal(key: Path) -> str:
    with pytest.raises(Refused) as caught:
        sign(key)
    assert caught.value.code is Code.REQUEST_INVALID
    return caught.value.message
