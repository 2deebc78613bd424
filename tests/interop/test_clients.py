"""Clients that batch jobs really use: what is served, and how what is not is refused with the connection intact."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncssh
import paramiko
import pytest
import ssh2.session as libssh2
from ssh2.exceptions import AuthenticationError, ChannelFailure, ChannelRequestDenied, Timeout

from jumphost import sshkey
from jumphost.testing.lab import SCRIPT, lab_site, master
from jumphost.testing.site import LiveSite, open_folder

PATIENCE_MS = 30_000
STREAM = {"JUMPHOST_PURPOSE": "stream"}


def ssh(lab: LiveSite, key: Path, *options: str) -> list[str]:
    """The words of a stock client up to the command."""
    words = lab.ssh_words(key, "batch-host")
    return [*words[:-1], *options, words[-1]]


def ran(words: list[str], env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
    more = {**os.environ, **(env or {})}
    return subprocess.run(words, stdin=subprocess.DEVNULL, env=more, capture_output=True, timeout=60)


def refusals(lab: LiveSite, since: int) -> list[str]:
    """What was refused since: SSH's name of the request, or the session's code."""
    return [event.get("request") or event["code"] for event in lab.events("request.refused")[since:]]


class Alone:
    """Tests whose refusals must each have an event: those of all tests from one address are more than are written."""

    @pytest.fixture(scope="class")
    @classmethod
    def lab(cls) -> Iterator[LiveSite]:
        with lab_site() as site:
            yield site

    @pytest.fixture(scope="class")
    @classmethod
    def deploy(cls, lab: LiveSite) -> Path:
        return lab.key("deploy-bot", "--ttl", "15m")


@pytest.fixture
def before(lab: LiveSite) -> int:
    """How many refusals there are already."""
    return len(lab.events("request.refused"))


class TestParamiko(Alone):
    @pytest.fixture
    def client(self, lab: LiveSite, deploy: Path) -> Iterator[paramiko.SSHClient]:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_Known((lab.root / "keys/host_key.pub").read_text()))
        client.connect(
            "127.0.0.1",
            lab.port,
            "batch-host",
            key_filename=f"{deploy}-cert.pub",
            allow_agent=False,
            look_for_keys=False,
        )
        with client:
            yield client

    def test_output_status_and_input(self, client: paramiko.SSHClient) -> None:
        stdin, stdout, stderr = client.exec_command("sh -c 'cat; echo no >&2; exit 5'", environment=STREAM)
        stdin.write("given")
        stdin.channel.shutdown_write()
        assert (stdout.read(), stderr.read(), stdout.channel.recv_exit_status()) == (b"given", b"no\n", 5)

    def test_many_on_one_connection(self, client: paramiko.SSHClient) -> None:
        running = [client.exec_command(f"sh -c 'exit {number}'")[1].channel for number in range(10)]
        assert [channel.recv_exit_status() for channel in running] == list(range(10))

    def test_second_command_on_one_channel(self, lab: LiveSite, client: paramiko.SSHClient, before: int) -> None:
        transport = client.get_transport()
        assert transport is not None
        channel = transport.open_session()
        channel.exec_command(f"{SCRIPT} 'read -r line; exit 4'")
        with pytest.raises(paramiko.SSHException):
            channel.exec_command("sh -c 'exit 5'")
        lab.wait_for("the event", lambda: "exec" in refusals(lab, before))
        assert client.exec_command("sh -c 'exit 6'")[1].channel.recv_exit_status() == 6

    def test_sftp(self, lab: LiveSite, client: paramiko.SSHClient, before: int) -> None:
        with pytest.raises((paramiko.SSHException, EOFError)):
            client.open_sftp()
        lab.wait_for("the event", lambda: "request.unsupported" in refusals(lab, before))
        assert client.exec_command("sh -c 'exit 6'")[1].channel.recv_exit_status() == 6

    def test_shell(self, client: paramiko.SSHClient) -> None:
        with pytest.raises(paramiko.SSHException):
            client.invoke_shell()
        assert client.exec_command("sh -c 'exit 6'")[1].channel.recv_exit_status() == 6

    def test_forward(self, lab: LiveSite, client: paramiko.SSHClient, before: int) -> None:
        transport = client.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1))
        with pytest.raises(paramiko.SSHException):
            transport.request_port_forward("127.0.0.1", 0)
        lab.wait_for("the events", lambda: {"direct-tcpip", "tcpip-forward"} <= {*refusals(lab, before)})
        assert client.exec_command("sh -c 'exit 6'")[1].channel.recv_exit_status() == 6


class _Known(paramiko.MissingHostKeyPolicy):
    """Takes one host key, and raises for any other."""

    def __init__(self, line: str) -> None:
        self._key = line.split()[1]

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if key.get_base64() != self._key:
            raise paramiko.SSHException(f"got the host key {key.get_base64()}")


class TestAsyncssh:
    async def test_all_at_once(self, lab: LiveSite, deploy: Path, before: int) -> None:
        async with asyncssh.connect(
            "127.0.0.1", lab.port, username="batch-host", client_keys=[str(deploy)], known_hosts=None, config=None
        ) as connection:
            done = await connection.run("sh -c 'cat; exit 5'", input="given", env=STREAM)
            assert (done.stdout, done.exit_status) == ("given", 5)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", 22)
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 22)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.run("sh -c true", term_type="xterm")
            with pytest.raises(asyncssh.Error):
                await connection.start_sftp_client()
            several = await asyncio.gather(*(connection.run(f"sh -c 'exit {n}'") for n in range(10)))
            assert [one.exit_status for one in several] == list(range(10))
        told = {"direct-tcpip", "tcpip-forward", "pty-req", "request.unsupported"}
        lab.wait_for("the events", lambda: told <= {*refusals(lab, before)})


class TestOpenSSH(Alone):
    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("-W", "127.0.0.1:22"), "direct-tcpip"),
            (("-N", "-R", "0:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"), "tcpip-forward"),
            (
                ("-N", "-R", "/tmp/none.sock:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"),
                "streamlocal-forward@openssh.com",
            ),
        ],
    )
    def test_forward(self, lab: LiveSite, deploy: Path, before: int, options: tuple[str, ...], told: str) -> None:
        assert ran(ssh(lab, deploy, *options)).returncode == 255
        lab.wait_for("the event", lambda: told in refusals(lab, before))

    @pytest.mark.parametrize(
        ("to", "told"), [("127.0.0.1:22", "direct-tcpip"), ("/tmp/none.sock", "direct-streamlocal@openssh.com")]
    )
    def test_local_forward(self, lab: LiveSite, deploy: Path, before: int, to: str, told: str) -> None:
        """Refused when it is used, and the command beside it goes on."""
        with open_folder() as folder:
            way, pipe = str(folder / "way"), subprocess.PIPE
            words = [*lab.ssh_words(deploy, "batch-host", env=STREAM), f"{SCRIPT} 'echo up; read -r line; exit 6'"]
            with subprocess.Popen(
                [words[0], "-L", f"{way}:{to}", *words[1:]], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
            ) as caller:
                assert caller.stdout is not None
                assert caller.stdout.readline() == b"up\n"
                with socket.socket(socket.AF_UNIX) as through:
                    through.settimeout(30)
                    through.connect(way)
                    assert through.recv(1) == b""
                caller.communicate(b"\n", timeout=30)
                assert caller.returncode == 6
        lab.wait_for("the event", lambda: told in refusals(lab, before))

    @pytest.mark.parametrize("options", [("-A",), ("-X",), ("-Y",)])
    def test_what_a_client_does_without(self, lab: LiveSite, deploy: Path, options: tuple[str, ...]) -> None:
        done = ran([*ssh(lab, deploy, *options), "sh -c 'echo ran; exit 3'"])
        assert (done.returncode, done.stdout) == (3, b"ran\n")

    def test_agent(self, lab: LiveSite, deploy: Path, before: int, agent: dict[str, str]) -> None:
        done = ran([*ssh(lab, deploy, "-A"), f"{SCRIPT} 'echo $SSH_AUTH_SOCK; exit 3'"], env=agent)
        assert (done.returncode, done.stdout) == (3, b"\n")
        lab.wait_for("the event", lambda: "auth-agent-req@openssh.com" in refusals(lab, before))

    @pytest.fixture
    def agent(self) -> Iterator[dict[str, str]]:
        with (
            open_folder() as folder,
            subprocess.Popen(["ssh-agent", "-D", "-a", str(folder / "agent")], stdout=subprocess.DEVNULL) as running,
        ):
            yield {"SSH_AUTH_SOCK": str(folder / "agent")}
            running.terminate()

    def test_terminal_shell_and_subsystem_on_one_connection(self, lab: LiveSite, deploy: Path, before: int) -> None:
        with master(lab.ssh_words(deploy, "batch-host")) as words:
            for options in (["-tt"], ["-s", "sftp"], ["-T"]):
                done = ran([*words[:-1], *options[:1], words[-1], *options[1:]])
                assert (done.returncode in (77, 255), done.stdout) == (True, b"")
                assert ran([*words, "sh -c 'exit 6'"]).returncode == 6
        lab.wait_for("the events", lambda: {"pty-req", "request.unsupported"} <= {*refusals(lab, before)})

    @pytest.mark.parametrize("program", [["scp"], ["scp", "-O"], ["sftp", "-b", "/dev/null"]], ids=" ".join)
    def test_files(self, lab: LiveSite, deploy: Path, program: list[str], tmp_path: Path) -> None:
        words = lab.ssh_words(deploy, "batch-host")
        options = ["-P" if word == "-p" else word for word in words[1:-1]]
        (tmp_path / "given").write_text("given")
        paths = [str(tmp_path / "given"), f"{words[-1]}:/tmp/jumphost-taken"] if "scp" in program else [words[-1]]
        assert ran([*program, *options, *paths]).returncode not in (0, None)
        assert not Path("/tmp/jumphost-taken").exists()
        closed = lab.wait_for("the end", lambda: [e for e in lab.events("session.close") if e.get("status") == 77])
        assert closed[-1]["code"] in ("request.unsupported", "policy.no_rule")


class TestLibssh2(Alone):
    """As curl, git's own transport and much that is written in PHP or Rust speak SSH."""

    @pytest.fixture
    def client(self, lab: LiveSite, deploy: Path) -> Iterator[libssh2.Session]:
        with socket.create_connection(("127.0.0.1", lab.port)) as peer:
            client = libssh2.Session()
            client.set_timeout(PATIENCE_MS)
            client.handshake(peer)
            client.userauth_publickey_fromfile("batch-host", str(deploy), "", f"{deploy}-cert.pub")
            yield client
            client.disconnect()

    def test_output_and_status(self, client: libssh2.Session) -> None:
        for status in (5, 0):
            channel = client.open_session()
            channel.execute(f"sh -c 'echo yes; echo no >&2; exit {status}'")
            assert (channel.read()[1], channel.read_stderr()[1]) == (b"yes\n", b"no\n")
            channel.wait_eof()
            channel.close()
            channel.wait_closed()
            assert channel.get_exit_status() == status

    def test_what_is_not_served(self, lab: LiveSite, client: libssh2.Session, before: int) -> None:
        with pytest.raises(ChannelRequestDenied):
            client.open_session().pty()
        with pytest.raises(ChannelFailure):
            client.direct_tcpip("127.0.0.1", 9)
        lab.wait_for("the refusals", lambda: {"pty-req", "direct-tcpip"} <= set(refusals(lab, before)))

    def test_sftp(self, lab: LiveSite, client: libssh2.Session, before: int) -> None:
        """It is told why and the channel is closed, which libssh2 does not look at: it waits as long as it may."""
        client.set_timeout(2000)
        with pytest.raises(Timeout):
            client.sftp_init()
        lab.wait_for("the refusal", lambda: "request.unsupported" in refusals(lab, before))

    def test_the_key_alone(self, lab: LiveSite, deploy: Path) -> None:
        with socket.create_connection(("127.0.0.1", lab.port)) as peer:
            client = libssh2.Session()
            client.set_timeout(PATIENCE_MS)
            client.handshake(peer)
            with pytest.raises(AuthenticationError):
                client.userauth_publickey_fromfile("batch-host", str(deploy), "", f"{deploy}.pub")
        assert lab.events("auth.refused")[-1]["code"] == "identity.plain_key"


@pytest.mark.skipif(shutil.which("dbclient") is None, reason="install dropbear-bin: no dbclient on PATH")
def test_dropbear_has_no_certificates_and_is_told_so_at_once(lab: LiveSite) -> None:
    words = ["dbclient", "-y", "-y", "-p", str(lab.port), "batch-host@127.0.0.1", "sh -c true"]
    done = ran(words)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"No matching algo" in done.stderr


@pytest.mark.skipif(shutil.which("plink") is None, reason="install putty-tools: no plink on PATH")
class TestPlink(Alone):
    """PuTTY since 0.78 knows certificates: beside the key (``-cert``), or put into it by ``puttygen --certificate``."""

    @pytest.fixture
    def ppk(self, deploy: Path, tmp_path: Path) -> Path:
        return self.converted(deploy, tmp_path / "key.ppk")

    @staticmethod
    def converted(key: Path, into: Path, *options: str) -> Path:
        """The key in PuTTY's own format."""
        subprocess.run(["puttygen", str(key), *options, "-O", "private", "-o", str(into)], check=True)
        return into

    @staticmethod
    def plink(lab: LiveSite, ppk: Path, *options: str) -> list[str]:
        pinned = sshkey.read_line((lab.root / "keys/host_key.pub").read_text()).fingerprint
        words = ["plink", "-ssh", "-batch", "-noagent", "-hostkey", pinned, "-i", str(ppk), "-P", str(lab.port)]
        return [*words, *options, "batch-host@127.0.0.1"]

    def test_output_and_status(self, lab: LiveSite, deploy: Path, ppk: Path) -> None:
        done = ran([*self.plink(lab, ppk, "-cert", f"{deploy}-cert.pub"), "sh -c 'echo yes; echo no >&2; exit 5'"])
        assert (done.returncode, done.stdout, done.stderr) == (5, b"yes\n", b"no\n")

    def test_certificate_in_the_key(self, lab: LiveSite, deploy: Path, tmp_path: Path) -> None:
        ppk = self.converted(deploy, tmp_path / "both.ppk", "--certificate", f"{deploy}-cert.pub")
        done = ran([*self.plink(lab, ppk), "sh -c 'echo yes'"])
        assert (done.returncode, done.stdout, done.stderr) == (0, b"yes\n", b"")

    def test_denied(self, lab: LiveSite, deploy: Path, ppk: Path) -> None:
        done = ran([*self.plink(lab, ppk, "-cert", f"{deploy}-cert.pub"), "rm -rf /"])
        assert (done.returncode, done.stdout) == (77, b"")
        assert done.stderr.startswith(b"jumphost: denied security.wipe.tree: ")

    @pytest.mark.parametrize(
        ("options", "told"),
        [(("-nc", "127.0.0.1:9"), "direct-tcpip"), (("-R", "8022:127.0.0.1:9"), "tcpip-forward")],
    )
    def test_forward(
        self, lab: LiveSite, deploy: Path, ppk: Path, before: int, options: tuple[str, ...], told: str
    ) -> None:
        words = self.plink(lab, ppk, "-cert", f"{deploy}-cert.pub", *options)
        ran(words if told == "direct-tcpip" else [*words, "sh -c true"])
        lab.wait_for("the refusal", lambda: told in refusals(lab, before))

    def test_the_key_alone(self, lab: LiveSite, ppk: Path) -> None:
        done = ran([*self.plink(lab, ppk), "sh -c true"])
        assert (done.returncode, done.stdout) == (1, b"")
        assert lab.events("auth.refused")[-1]["code"] == "identity.plain_key"
