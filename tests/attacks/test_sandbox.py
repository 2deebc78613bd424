"""Commands on the gateway's own host that want more than their sandbox gives."""

import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.errors import Unavailable
from jumphost.localsocket import bound
from jumphost.model.target import Sandbox
from jumphost.target import lineage, sandbox, seccomp
from jumphost.testing.contracts import PATIENCE_S
from jumphost.testing.sandboxes import order, ran, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")

MACHINE = platform.machine()
CALLS = {"x86_64": {"prctl": 157, "socket": 41, "clone": 56}, "aarch64": {"prctl": 167, "socket": 198, "clone": 220}}


@pytest.fixture
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield create_site(Path(folder) / "site", example=True)


async def said(text: str, site: Site, limits: Sandbox | None = None) -> str:
    """What a script prints that ends well."""
    how, out, err = await ran(order(text, limits), site.root)
    assert (how.status, err) == (0, "")
    return out


def perl(script: str) -> str:
    return f"perl -e '{script}'"


async def fails_with(call: int, *arguments: str, site: Site) -> str:
    """The error of a system call."""
    words = ", ".join([str(call), *arguments])
    return await said(perl(f"my $done = syscall({words}); print $done == -1 ? 0 + $! : q(done)"), site)


# What is the host's


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/etc/shadow",
            "/etc/gshadow",
            "/etc/ssh",
            "/etc/ssl/private",
            "/root",
            "/home/*/.ssh",
            "/run",
            "/var",
            "/sys",
        ),
        *("/proc/1/root/etc/shadow", "/proc/1/root/root", "/proc/1/root/var", "/proc/self/root/var", "/dev/kmsg"),
    ],
)
async def test_no_file_of_the_host_is_there(site: Site, path: str) -> None:
    assert await said(f"ls -d {path} 2>/dev/null; cat {path} 2>/dev/null; true", site) == ""


async def test_nothing_of_the_site_is_there(site: Site) -> None:
    for path in (site.root, site.keys / "host_key", site.signer, site.run, site.journal_db, site.targets):
        assert await said(f"ls -d {path} 2>/dev/null; true", site) == ""


async def test_no_other_process_is_there(site: Site) -> None:
    pids = (await said("cd /proc; echo [0-9]*", site)).split()
    assert len(pids) <= 3
    seen = await said("cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'", site)
    assert "pytest" not in seen
    for number in (os.getpid(), os.getppid()):
        assert number <= 8 or await said(f"kill -9 {number} 2>/dev/null || echo none", site) == "none\n"


async def test_no_environment_of_ours_is_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "canary-in-a-cage")
    script = "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | cut -d = -f 1 | sort -u"
    names = set((await said(script, site)).split())
    assert names == {"HOME", "USER", "LOGNAME", "PATH", "LC_ALL", "JUMPHOST_REQUEST", "PWD"}


async def test_no_descriptor_of_ours_is_open(site: Site) -> None:
    assert (await said("ls /proc/self/fd", site)).split() == ["0", "1", "2", "3"]  # 3: the folder that ls reads
    for entry in (await said("ls -l /proc/[0-9]*/fd", site)).splitlines():
        where = entry.rpartition(" -> ")[2] if " -> " in entry else ""
        assert not where or where.startswith(("pipe:", "/dev/null", "/proc/")), entry


# Links in what may be read


async def test_a_path_that_leads_to_what_is_private_is_not_read(site: Site, tmp_path: Path) -> None:
    for place in ("/root", "/etc/shadow", "/", "/proc/self/root", str(site.keys), str(site.root.parent)):
        link = tmp_path / "link"
        link.unlink(missing_ok=True)
        link.symlink_to(place)
        with pytest.raises(Unavailable, match="leads to what is private"):
            await ran(order("true", Sandbox(read=(str(link),))), site.root)


@contextmanager
def tools() -> Iterator[Path]:
    """A folder that every uid may read, and that is no private place."""
    with tempfile.TemporaryDirectory(dir="/opt") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(not os.access("/opt", os.W_OK), reason="only root may write to /opt")
async def test_a_link_within_what_may_be_read_leads_nowhere_else(site: Site) -> None:
    with tools() as folder:
        (folder / "file").write_text("for all\n")
        (folder / "shadow").symlink_to("/etc/shadow")
        (folder / "up").symlink_to("../../root")
        limits = Sandbox(read=(str(folder),))
        assert await said(f"cat {folder}/file", site, limits) == "for all\n"
        script = f"cat {folder}/shadow {folder}/up/.bashrc 2>/dev/null; touch {folder}/x 2>/dev/null || echo read-only"
        assert await said(script, site, limits) == "read-only\n"


async def test_a_site_among_programs_is_refused() -> None:
    with pytest.raises(Unavailable, match="the site lies in /usr"):
        await ran(order("true"), Path("/usr/local/jumphost"))


# The network and sockets


async def test_no_network_is_there(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"use IO::Socket::INET; print IO::Socket::INET->new(q(127.0.0.1:{port})) ? q(in) : 0 + $!"
        assert await said(perl(script), site) == "111"  # ECONNREFUSED
    assert (await said("cat /proc/net/dev", site)).count(":") == 1  # its own loopback


async def test_no_socket_of_the_host_is_there(site: Site) -> None:
    with bound(site.control_socket, 0o666) as control, socket.socket(socket.AF_UNIX) as abstract:
        control.listen()
        abstract.bind(f"\0jumphost-{os.getpid()}")
        abstract.listen()
        connect = "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); print connect($s, %s) ? q(in) : 0 + $!"
        path = connect % f"pack_sockaddr_un(q({site.control_socket}))"
        assert await said(perl(path), site) == "2"  # ENOENT
        name = connect % f'pack_sockaddr_un("\\0jumphost-{os.getpid()}")'
        assert await said(perl(name), site) == "111"  # ECONNREFUSED


@pytest.mark.parametrize("family", [17, 38, 40])  # packet, alg, vsock
async def test_no_socket_of_a_rare_family_is_made(site: Site, family: int) -> None:
    assert await fails_with(CALLS[MACHINE]["socket"], str(family), "1", "0", site=site) == "97"  # EAFNOSUPPORT


# Privileges


async def test_no_privilege_is_there_or_can_be_gained(site: Site) -> None:
    status = dict(line.split(":\t", 1) for line in (await said("cat /proc/self/status", site)).splitlines())
    assert status["NoNewPrivs"] == "1"
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["Uid"].split() == ["1000"] * 4
    mounts = [line.split() for line in (await said("cat /proc/self/mounts", site)).splitlines()]
    assert all("nosuid" in options.split(",") for _, _, _, options, *_ in mounts)
    assert await said("su -c true root </dev/null >/dev/null 2>&1 || echo no", site) == "no\n"


async def test_files_are_read_as_nobody(site: Site) -> None:
    """As root the gateway drops it: else a command would read what only root may, wherever it finds it."""
    if os.geteuid() != 0 or not os.access("/opt", os.W_OK):
        pytest.skip("only root can have files that others may not read")
    with tools() as folder:
        (folder / "mine").write_text("roots own\n")
        (folder / "mine").chmod(0o600)
        script = f"cat {folder}/mine 2>/dev/null || echo no"
        assert await said(script, site, Sandbox(read=(str(folder),))) == "no\n"


@pytest.mark.parametrize(
    "call", ["ptrace", "process_vm_readv", "keyctl", "add_key", "bpf", "mount", "unshare", "setns", "io_uring_setup"]
)
async def test_system_calls_that_lead_out_fail(site: Site, call: str) -> None:
    assert await fails_with(seccomp.denied(MACHINE)[call], "0", "0", "0", "0", site=site) == "1"  # EPERM


async def test_no_user_namespace_is_made(site: Site) -> None:
    assert await said("unshare -Ur true 2>/dev/null || echo no", site) == "no\n"
    assert await fails_with(CALLS[MACHINE]["clone"], str(0x10000000 | 17), "0", site=site) == "1"


async def test_every_process_is_under_the_filter(site: Site) -> None:
    """What may be written to, as the memory of one's own processes may, has no more rights than the writer."""
    assert set((await said("grep -h ^Seccomp: /proc/[0-9]*/status", site)).split()) == {"Seccomp:", "2"}


async def test_no_keystroke_is_put_into_a_terminal(site: Site) -> None:
    assert await said("(exec 3<>/dev/tty) 2>/dev/null || echo none", site) == "none\n"
    assert (
        await said(perl("my $key = q(x); ioctl(STDIN, 0x5412, $key); print 0 + $!"), site) == "1"
    )  # EPERM, and not ENOTTY


# Bounds


async def test_processes_are_bounded(site: Site) -> None:
    script = (
        "my $n = 0; while ($n < 100) { my $p = fork; last if !defined $p; if (!$p) { sleep 60; exit } $n++ } print $n"
    )
    assert 0 < int(await said(perl(script), site, Sandbox(processes=20))) < 20


async def test_a_fork_bomb_ends_with_its_command(site: Site) -> None:
    bomb = order("b() { b | b & }; b 2>/dev/null; sleep 0.5; exit 0", Sandbox(processes=30))
    await ran(bomb, site.root)
    assert lineage.marked(*sandbox.mark(bomb.request)) == []


@pytest.mark.parametrize("place", ["/tmp", "$HOME", "/dev/shm"])
async def test_what_can_be_written_is_bounded(site: Site, place: str) -> None:
    script = f"head -c 3000000 /dev/zero >{place}/x 2>/dev/null; stat -c %s {place}/x"
    assert int(await said(script, site, Sandbox(tmp_bytes=1 << 20))) <= 1 << 20


async def test_nothing_else_can_be_written(site: Site) -> None:
    places = "/ /etc /usr /usr/bin /dev /home /proc /proc/sys/kernel /proc/1 /etc/passwd/.."
    script = f"for path in {places}; do touch $path/x 2>/dev/null && echo $path; done; true"
    assert await said(script, site) == ""
    assert (
        await said("echo x 2>/dev/null >>/etc/passwd || echo no; chmod 777 /etc 2>/dev/null || echo no", site)
        == "no\nno\n"
    )


async def test_files_are_bounded(site: Site) -> None:
    limits = Sandbox(file_bytes=100_000)
    script = "sh -c 'head -c 200000 /dev/zero >x; true' 2>/dev/null; stat -c %s x; cat /proc/self/limits"
    size, _, rest = (await said(script, site, limits)).partition("\n")
    assert int(size) == 100_000
    assert "Max core file size        0                    0" in rest


async def test_memory_is_bounded(site: Site) -> None:
    how, out, _ = await ran(
        order(perl('my $x = q(x) x 200000000; print "had it"'), Sandbox(memory_bytes=100 << 20)), site.root
    )
    assert (how.status != 0, out) == (True, "")


async def test_processor_time_is_bounded(site: Site) -> None:
    how, _, _ = await ran(order("while :; do :; done", Sandbox(cpu_s=1)), site.root)
    assert how.status in (128 + signal.SIGKILL, 128 + signal.SIGXCPU)


# Staying behind


async def test_nothing_stays_behind(site: Site) -> None:
    one = order("setsid sleep 1000 >/dev/null 2>&1 & (setsid nohup sleep 1000 >/dev/null 2>&1 &) ; exit 0")
    before = {seen.pid for seen in lineage.descendants(os.getpid())}
    await ran(one, site.root)
    assert lineage.marked(*sandbox.mark(one.request)) == []
    assert {seen.pid for seen in lineage.descendants(os.getpid())} <= before


async def test_its_end_with_the_gateway_cannot_be_called_off(site: Site) -> None:
    assert await fails_with(CALLS[MACHINE]["prctl"], "1", "0", "0", "0", "0", site=site) == "1"  # PR_SET_PDEATHSIG


GATEWAY = """
import asyncio, sys
from pathlib import Path
from jumphost.testing.contracts import Collected
from jumphost.testing.sandboxes import order, started

async def main():
    one = order("trap '' HUP TERM INT; setsid sleep 1000 & sleep 1000 & echo up; wait")
    output = Collected()
    process = await started(one, output, Path(sys.argv[1]))
    await output.until(lambda seen: seen.stdout == b"up\\n")
    print(one.request, flush=True)
    await process.wait()

asyncio.run(main())
"""


def test_nothing_outlives_a_gateway_that_is_killed(site: Site) -> None:
    gateway = subprocess.Popen([sys.executable, "-c", GATEWAY, str(site.root)], stdout=subprocess.PIPE)
    assert gateway.stdout is not None
    mark = sandbox.mark(gateway.stdout.readline().decode().strip())
    below = lineage.descendants(gateway.pid)
    assert len(below) == 5  # bwrap, the first process, the command and its two
    gateway.kill()
    gateway.communicate()
    give_up = time.monotonic() + PATIENCE_S
    while lineage.send(below, signal.SIGCONT) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert lineage.send(below, signal.SIGCONT) == 0
    assert lineage.marked(*mark) == []
