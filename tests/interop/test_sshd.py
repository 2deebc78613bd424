"""The target leg on an OpenSSH sshd that no one prepared but by following what ``target enroll`` printed."""

import getpass
from collections.abc import Awaitable, Callable, Iterator

import asyncssh
import msgspec
import pytest

from jumphost.clock import SystemClock, new_id
from jumphost.command import forced
from jumphost.command.canonical import quote
from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.target.base import Exit, Mint, Order, Process
from jumphost.target.connection import Reach
from jumphost.target.ssh import SshRunner
from jumphost.testing import contracts
from jumphost.testing.ca import TargetCA
from jumphost.testing.contracts import Collected, Start
from jumphost.testing.site import open_folder
from jumphost.testing.sshd import Sshd, find_sshd, may_have_logins, sshd
from jumphost.testing.target import spawned

SHELLS = ("dash", "bash", "zsh")
RUNNER = SshRunner(Reach())


def order(target: Target, login: str, text: str, **pinned: object) -> Order:
    request = new_id(SystemClock())
    given = {"env": {}, "shell": target.shell, "timeout_s": None, **pinned}
    return Order(request=request, target=target, login=login, line=forced.pinned(text, request=request, **given))


async def finished(one: Order, mint: Mint) -> tuple[Exit, bytes]:
    output = Collected()
    process = await RUNNER.start(one, output, mint)
    process.write_eof()
    end = await process.wait()
    await process.close()
    return end, output.stdout + output.stderr


@pytest.fixture(scope="session")
def stand_in(target_ca: TargetCA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("target")
    with spawned(folder, name="stand-in", logins=(getpass.getuser(),), target_ca=target_ca.line) as target:
        yield target


class TestContract:
    @pytest.mark.parametrize("check", contracts.PROCESS, ids=lambda check: check.__name__)
    @pytest.mark.parametrize("kind", [*SHELLS, "stand-in"])
    async def test_process(
        self, kind: str, check: Callable[[Start], Awaitable[None]], target_ca: TargetCA, request: pytest.FixtureRequest
    ) -> None:
        if kind == "stand-in":
            target: Target = request.getfixturevalue("stand_in")
            login = target.logins[0]
        else:
            target, login = request.getfixturevalue("server").target, kind

        async def start(text: str, output: Collected) -> Process:
            one = order(target, login, text)
            return await RUNNER.start(one, output, target_ca.mint(one))

        await check(start)


HOSTILE = [
    ["a b", "c\td"],
    ["", ""],
    ["it's"],
    ["''", "'"],
    ['"', '\\"'],
    ["\\", "\\\\", "\\n"],
    ["$HOME", "${HOME}", "$(id)", "`id`"],
    ["*", "?", "[a-z]", "{a,b}"],
    ["~", "~root"],
    ["!", "!!", "^a^b"],
    ["a;b", "a&b", "a|b", "a>b", "a<b"],
    ["a\nb", "\n", "\n\n"],
    ["a\rb"],
    ["-n", "--", "-"],
    ["=ls", "=(id)", "<(id)"],
    ["#", "a #b"],
    ["é", "日本", "\U0001f512"],
    ["\x01\x02\x1b[31m", "\x7f"],
    ["%s", "%n", "%%"],
    ["x" * 60_000],
    ["'" * 2000],
]


class TestPinned:
    @pytest.mark.parametrize("login", SHELLS)
    @pytest.mark.parametrize("shell", ["sh", "bash"])
    async def test_argv_comes_out_as_it_was_judged(
        self, server: Sshd, target_ca: TargetCA, login: str, shell: str
    ) -> None:
        for argv in HOSTILE:
            text = " ".join([quote("printf", program=True), quote("%s\\0"), *map(quote, argv)])
            one = order(server.target, login, text, shell=shell)
            end, said = await finished(one, target_ca.mint(one))
            assert end == Exit(), argv
            assert said == "".join(f"{word}\0" for word in argv).encode(), argv

    @pytest.mark.parametrize("login", SHELLS)
    async def test_environment_is_ours(self, server: Sshd, target_ca: TargetCA, login: str) -> None:
        one = order(server.target, login, "env", env={"APP_MODE": "it's $HOME"})
        _, said = await finished(one, target_ca.mint(one))
        found = dict(line.split("=", 1) for line in said.decode().splitlines())
        assert {name: value for name, value in found.items() if name not in {"PWD", "_", "SHLVL"}} == {
            "HOME": str(server.home(login)),
            "USER": login,
            "LOGNAME": login,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "JUMPHOST_REQUEST": one.request,
            "APP_MODE": "it's $HOME",
        }

    @pytest.mark.parametrize("login", SHELLS)
    @pytest.mark.parametrize("shell", ["sh", "bash"])
    async def test_start_up_files_do_not_take_it_over(
        self, server: Sshd, target_ca: TargetCA, login: str, shell: str
    ) -> None:
        hijack = "exec() { echo hijacked; }\nenv() { echo hijacked; }\necho() { /bin/echo hijacked; }\n"
        files = [server.home(login) / name for name in (".bashrc", ".zshenv", ".profile", ".bash_profile", ".zshrc")]
        for file in files:
            file.write_text(hijack)
        try:
            one = order(server.target, login, "echo mine", shell=shell)
            assert await finished(one, target_ca.mint(one)) == (Exit(), b"mine\n")
        finally:
            for file in files:
                file.unlink()

    async def test_time_limit_rides_along(self, server: Sshd, target_ca: TargetCA) -> None:
        one = order(server.target, "dash", "kill -s USR1 $$", timeout_s=60)
        end, _ = await finished(one, target_ca.mint(one))
        assert end.signal == "USR1"
        one = order(server.target, "dash", "exit 41", timeout_s=60)
        assert (await finished(one, target_ca.mint(one)))[0] == Exit(status=41)

    async def test_what_is_sent_does_not_matter_beside_the_certificate(self, server: Sshd, target_ca: TargetCA) -> None:
        judged = order(server.target, "dash", "echo judged")
        sent = msgspec.structs.replace(judged, line="echo something else")
        assert await finished(sent, target_ca.mint(judged)) == (Exit(), b"judged\n")


class TestLogin:
    async def refusal(self, server: Sshd, mint_of: Callable[[Order], Mint], login: str = "dash") -> Code:
        one = order(server.target, login, "echo ran")
        with pytest.raises(Unavailable) as refused:
            await RUNNER.start(one, Collected(), mint_of(one))
        return refused.value.code

    async def test_wrong_address(self, server: Sshd, target_ca: TargetCA) -> None:
        assert await self.refusal(server, lambda o: target_ca.mint(o, address="192.0.2.1")) is Code.TARGET_REFUSED

    async def test_principal_of_another_target(self, server: Sshd, target_ca: TargetCA) -> None:
        assert await self.refusal(server, lambda o: target_ca.mint(o, principal="dash@other")) is Code.TARGET_REFUSED

    async def test_principal_of_another_login(self, server: Sshd, target_ca: TargetCA) -> None:
        mint = lambda o: target_ca.mint(o, principal=server.target.principal("bash"))  # noqa: E731
        assert await self.refusal(server, mint) is Code.TARGET_REFUSED

    async def test_principal_that_is_the_login(self, server: Sshd, target_ca: TargetCA) -> None:
        assert await self.refusal(server, lambda o: target_ca.mint(o, principal="dash")) is Code.TARGET_REFUSED

    async def test_after_its_end(self, server: Sshd, target_ca: TargetCA) -> None:
        assert await self.refusal(server, lambda o: target_ca.mint(o, age_s=61)) is Code.TARGET_REFUSED

    async def test_another_ca(self, server: Sshd) -> None:
        assert await self.refusal(server, TargetCA(SystemClock()).mint) is Code.TARGET_REFUSED

    async def test_login_that_is_not_enrolled(self, server: Sshd, target_ca: TargetCA) -> None:
        assert await self.refusal(server, target_ca.mint, login="root") is Code.TARGET_REFUSED

    async def test_minted_once_even_if_refused(self, server: Sshd, target_ca: TargetCA) -> None:
        before = len(target_ca.minted)
        await self.refusal(server, lambda o: target_ca.mint(o, principal="dash@other"))
        assert target_ca.minted[before:] == [("run", "127.0.0.1")]

    async def test_one_certificate_a_login(self, server: Sshd, target_ca: TargetCA) -> None:
        before = len(target_ca.minted)
        one = order(server.target, "dash", "sleep 1000")
        process = await RUNNER.start(one, Collected(), target_ca.mint(one))
        assert await process.stop()
        assert await process.stop()
        await process.close()
        assert [purpose for purpose, _ in target_ca.minted[before:]] == ["run", "stop"]

    async def test_wrong_host_key(self, server: Sshd, target_ca: TargetCA) -> None:
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        target = msgspec.structs.replace(server.target, host_keys=(other,))
        one, before = order(target, "dash", "echo ran"), len(target_ca.minted)
        with pytest.raises(Refused) as refused:
            await RUNNER.start(one, Collected(), target_ca.mint(one))
        assert refused.value.code is Code.TARGET_HOST_KEY
        assert len(target_ca.minted) == before

    async def test_host_key_of_another_kind(self, server: Sshd, target_ca: TargetCA) -> None:
        other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
        target = msgspec.structs.replace(server.target, host_keys=(other,))
        one = order(target, "dash", "echo ran")
        with pytest.raises(Refused) as refused:
            await RUNNER.start(one, Collected(), target_ca.mint(one))
        assert refused.value.code is Code.TARGET_HOST_KEY

    async def test_plain_keys_of_the_login_do_not_count(self, server: Sshd) -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        folder = server.home("dash") / ".ssh"
        folder.mkdir(exist_ok=True)
        (folder / "authorized_keys").write_bytes(key.export_public_key())

        async def plain(_purpose: str, _address: str) -> asyncssh.SSHKeyPair:
            return asyncssh.load_keypairs([key])[0]

        assert await self.refusal(server, lambda _: plain) is Code.TARGET_REFUSED

    async def test_no_terminal_agent_or_forwarding(self, server: Sshd, target_ca: TargetCA) -> None:
        """Even for a certificate that permits them all: the drop-in says no by itself."""
        pair = await target_ca.mint(order(server.target, "dash", "true"))("run", "127.0.0.1")
        async with asyncssh.connect(
            server.target.host,
            server.target.port,
            username="dash",
            known_hosts=None,
            client_keys=[pair],
            agent_path=None,
            config=None,
        ) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", server.target.port)
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 1)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.run("true", term_type="xterm")


class TestStop:
    async def test_fork_loop(self, server: Sshd, target_ca: TargetCA) -> None:
        output = Collected()
        loop = "f() { sleep 0.01; echo .; f & }; f"
        one = order(server.target, "dash", loop)
        process = await RUNNER.start(one, output, target_ca.mint(one))
        await output.until(lambda seen: len(seen.stdout) > 20)
        assert await process.stop()
        await process.wait()
        await process.close()

    async def test_leaves_other_requests_alone(self, server: Sshd, target_ca: TargetCA) -> None:
        output = Collected()
        other = order(server.target, "dash", "echo up; read -r line; echo $line")
        spared = await RUNNER.start(other, output, target_ca.mint(other))
        await output.until(lambda seen: bool(seen.stdout))
        one = order(server.target, "dash", "sleep 1000")
        process = await RUNNER.start(one, Collected(), target_ca.mint(one))
        assert await process.stop()
        spared.write(b"alive\n")
        assert await spared.wait() == Exit()
        assert output.stdout == b"up\nalive\n"
        await spared.close()
        await process.close()

    async def test_says_so_if_it_cannot(self, server: Sshd, target_ca: TargetCA) -> None:
        one = order(server.target, "dash", "sleep 1000")
        process = await RUNNER.start(one, Collected(), target_ca.mint(one))

        asked: list[str] = []
        true_mint = target_ca.mint(one)

        async def unwilling(purpose: str, address: str) -> asyncssh.SSHKeyPair:
            asked.append(purpose)
            raise Refused(Code.SIGNER_REFUSED, "no more certificates")

        process._mint = unwilling
        assert not await process.stop()
        assert asked == ["stop"] * 3
        process._mint = true_mint
        assert await process.stop()
        await process.close()

    async def test_reaches_what_a_lost_connection_left(self, server: Sshd, target_ca: TargetCA) -> None:
        output = Collected()
        one = order(server.target, "dash", "echo up; sleep 1000")
        process = await RUNNER.start(one, output, target_ca.mint(one))
        await output.until(lambda seen: bool(seen.stdout))
        process._connection.abort()
        with pytest.raises(Unavailable) as lost:
            await process.wait()
        assert lost.value.code is Code.TARGET_UNREACHABLE
        assert await RUNNER.stop(one, target_ca.mint(one))  # as a runner does that never saw the process
        await process.close()


async def test_a_login_is_one_signed_request(target_ca: TargetCA) -> None:
    """What the server saw: no question before it whether the key may sign."""
    if find_sshd() is None or not may_have_logins():
        pytest.skip("needs an sshd, and root that may mount: tests/install-servers")
    with (
        open_folder() as folder,
        sshd(
            folder,
            name="talkative",
            logins={"dash": "/bin/sh"},
            target_ca=target_ca.line,
            extra="LogLevel DEBUG1\n",
        ) as server,
    ):
        one = order(server.target, "dash", "echo in")
        assert await finished(one, target_ca.mint(one)) == (Exit(), b"in\n")
        told = server.log.read_text()
    assert told.count("method publickey") == 1
