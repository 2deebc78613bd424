"""Files of leases on an OpenSSH sshd: there before the command, the login's alone, gone after it, and in no log."""

import os
from pathlib import Path

import asyncssh
import pytest
from msgspec.structs import replace

from jumphost.clock import SystemClock, new_id
from jumphost.command import forced, leased
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.target.base import Exit, Login, Mint, Order
from jumphost.target.connection import Reach
from jumphost.target.ssh import SshRunner
from jumphost.testing.ca import TargetCA
from jumphost.testing.contracts import Collected
from jumphost.testing.sshd import Sshd

RUNNER = SshRunner(Reach())
CANARY = "canary-of-a-lease"


def order(target: Target, text: str, *, secret: str = CANARY) -> Order:
    request = new_id(SystemClock())
    line = forced.pinned(text, request=request, env=leased.postgres_file(request), shell="sh", timeout_s=None)
    return Order(request=request, target=target, login="job", line=line, secret=Secret(secret.encode()))


async def finished(one: Order, mint: Mint) -> tuple[Exit, str]:
    output = Collected()
    process = await RUNNER.start(one, output, mint)
    process.write_eof()
    end = await process.wait()
    await process.close()
    assert await process.stop()
    return end, (output.stdout + output.stderr).decode()


def failing(ca: TargetCA, one: Order, at: Login) -> Mint:
    mint = ca.mint(one)

    async def minted(purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        if purpose == at:
            raise Unavailable(Code.SIGNER_UNAVAILABLE, "the signer does not answer")
        return await mint(purpose, address)

    return minted


async def test_the_command_reads_it_and_nobody_after_it(prepared: Sshd, target_ca: TargetCA) -> None:
    one = order(prepared.target, 'cat $PGSERVICEFILE; stat -c " %a %U %F" $PGSERVICEFILE $(dirname $PGSERVICEFILE)')
    said = f"{CANARY} 600 job regular file\n 700 job directory\n"
    assert await finished(one, target_ca.mint(one)) == (Exit(), said)
    assert not Path(leased.folder(one.request)).exists()
    assert [purpose for purpose, _ in target_ca.minted[-3:]] == ["deliver", "run", "stop"]


async def test_it_is_in_no_log_environment_or_argument(prepared: Sshd, target_ca: TargetCA) -> None:
    one = order(prepared.target, "cat /proc/self/environ /proc/*/cmdline /proc/*/environ 2>/dev/null")
    _, said = await finished(one, target_ca.mint(one))
    assert one.request in said
    assert CANARY not in said
    assert one.request in prepared.log.read_text()
    assert CANARY not in prepared.log.read_text()


async def test_one_that_is_there_already(prepared: Sshd, target_ca: TargetCA, tmp_path: Path) -> None:
    """Another login took the name: nothing is written there, and nothing runs."""
    witness = tmp_path / "ran"
    tmp_path.chmod(0o777)
    one = order(prepared.target, f"touch {witness}")
    taken = Path(leased.folder(one.request))
    taken.mkdir(mode=0o777)
    try:
        with pytest.raises(Unavailable, match="did not take the credential") as caught:
            await finished(one, target_ca.mint(one))
        assert caught.value.code is Code.CREDENTIAL_UNAVAILABLE
        assert not list(taken.iterdir())
        assert not witness.exists()
    finally:
        taken.rmdir()


@pytest.mark.parametrize("at", ["deliver", "run"])
async def test_a_start_that_fails_leaves_nothing(prepared: Sshd, target_ca: TargetCA, at: Login) -> None:
    one = order(prepared.target, "true")
    with pytest.raises(JumphostError):
        await finished(one, failing(target_ca, one, at))
    assert not os.path.lexists(leased.folder(one.request))


async def test_what_a_stopped_command_leaves_is_gone(prepared: Sshd, target_ca: TargetCA) -> None:
    output = Collected()
    one = order(prepared.target, "echo up; setsid sleep 1000 & sleep 1000")
    process = await RUNNER.start(one, output, target_ca.mint(one))
    await output.until(lambda seen: b"up" in seen.stdout)
    assert Path(leased.file(one.request)).exists()
    assert await process.stop()
    assert not Path(leased.folder(one.request)).exists()
    await process.close()


async def test_a_login_that_commands_share(prepared: Sshd, target_ca: TargetCA) -> None:
    one = order(replace(prepared.target, mode="connection"), "true")
    before = len(target_ca.minted)
    with pytest.raises(Refused, match="several commands share"):
        await finished(one, target_ca.mint(one))
    assert len(target_ca.minted) == before
