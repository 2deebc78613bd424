"""What a command on the gateway's own host sees and may use, as words for bubblewrap (``bwrap``).

It has namespaces of its own for users, processes, mounts, the network, IPC, host name and cgroups; no capability, no
way to gain one; a root file system that is made for it: the system's programs for reading, what the target's
``sandbox`` names, and nothing that is the site's. Its limits are set before it begins, its words go over a descriptor.
"""

import platform
import resource
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from jumphost.config import private
from jumphost.errors import Code, Unavailable
from jumphost.model.target import Sandbox
from jumphost.target import seccomp
from jumphost.target.base import Order

UID: Final = 1000  # and gid, within
HOST_NAME: Final = 64  # bytes: HOST_NAME_MAX of Linux
SHM: Final = "/dev/shm"  # noqa: S108 - within the sandbox
FIRST_PROCESS: Final = 1  # of the limit: the shell that waits for the command
PRLIMIT: Final = "/usr/bin/prlimit"  # of util-linux; it runs within, where the count of processes begins anew

_TOP = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")  # links into /usr where the system is merged, else folders
_ETC = (
    *("alternatives", "ca-certificates", "crypto-policies", "gai.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"),
    *("localtime", "mime.types", "pki/ca-trust", "pki/tls/certs", "protocols", "services", "ssl/certs"),
    *("ssl/openssl.cnf", "terminfo", "timezone"),
)

# The first process of the sandbox. It says on standard output that all is set up, and ends if nobody is there to read
# that; it waits for the command as a shell does, says nothing of how that died, and ends with its status, which ends
# whatever is left. A command may write to its memory and gains nothing: both have the same filter. bwrap's own first
# process would have none.
FIRST: Final = 'exec 3>&2 2>/dev/null; echo || exit; (exec /bin/sh -c "$1" 2>&3 3>&-); exit $?'
BEGUN: Final = b"\n"


class Words(Struct, frozen=True):
    """How to start the sandbox: what bwrap is told."""

    files: Mapping[str, bytes]  # by --ro-bind-data: path within and content; before the rest
    hidden: bytes  # by --args
    command: tuple[str, ...]  # everyone on the host may see it
    filter: bytes  # by --seccomp
    own: str = ""  # path outside of what is to belong to the command's uid


def words(order: Order, site: Path, socket: str = "") -> Words:
    """How to start the sandbox of an order; Unavailable (target.unreachable) if it cannot be as its target says.

    ``socket`` is where the order's is outside.
    """
    sandbox, home = order.target.sandbox, f"/home/{order.login}"
    hidden = [
        *_namespaces(order.target.name[:HOST_NAME]),
        *_system(site),
        *(word for path in sandbox.read for word in _readable(path, site)),
        *("--proc", "/proc", "--dev", "/dev"),
        *_writable(home, sandbox.tmp_bytes),
        *(("--bind", socket, order.socket.path) if order.socket else ()),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", home),
        *("--clearenv", "--setenv", "HOME", home, "--setenv", "USER", order.login, "--setenv", "LOGNAME", order.login),
    ]
    return Words(
        files=_files(order.login, home),
        hidden=b"".join(word.encode() + b"\0" for word in hidden),
        command=(PRLIMIT, *_limits(sandbox), "--", "/bin/sh", "-c", *mark(order.request), order.line),
        filter=_filter(),
        own=socket,
    )


def mark(request: str) -> tuple[str, str]:
    """The arguments by which bwrap and the first process of a request's sandbox are known in a list of all."""
    return FIRST, f"jumphost:{request}"


def unfit(message: str, detail: str) -> Unavailable:
    """No sandbox, so no command; only the trail says why."""
    return Unavailable(Code.TARGET_UNREACHABLE, f"the sandbox cannot be made: {message}", detail=detail)


def _namespaces(name: str) -> Iterator[str]:
    yield from ("--unshare-all", "--unshare-user", "--disable-userns", "--uid", str(UID), "--gid", str(UID))
    yield from ("--hostname", name, "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL")


def _system(site: Path) -> Iterator[str]:
    if site.resolve().is_relative_to("/usr"):
        raise unfit("the site lies in /usr, which commands may read", str(site))
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _TOP:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def _readable(path: str, site: Path) -> Iterator[str]:
    """Where links lead to is looked at as well: whoever may write beside the path shall not choose what is read."""
    try:
        real = Path(path).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise unfit(f"{path} of sandbox.read cannot be read", str(error)) from None
    if place := private.inside(real, site.resolve()):
        raise unfit(f"{path} of sandbox.read leads to what is private", f"{real}: {place}")
    yield from ("--ro-bind", str(real), path)


def _writable(home: str, size: int) -> Iterator[str]:
    for mode, path in (("1777", "/tmp"), ("1777", SHM), ("0700", home)):  # noqa: S108 - within the sandbox
        yield from ("--perms", mode, "--size", str(size), "--tmpfs", path)


def _limits(sandbox: Sandbox) -> Iterator[str]:
    files = min(sandbox.open_files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    yield from ("--core=0", f"--nproc={sandbox.processes + FIRST_PROCESS}", f"--nofile={files}")
    yield from (f"--as={sandbox.memory_bytes}", f"--fsize={sandbox.file_bytes}", f"--cpu={sandbox.cpu_s}")
    yield from ("--memlock=65536", "--msgqueue=0")


def _files(login: str, home: str) -> Mapping[str, bytes]:
    people = {"root": "root:x:0:0::/:/bin/false", "nobody": "nobody:x:65534:65534::/:/bin/false"}
    people[login] = f"{login}:x:{UID}:{UID}::{home}:/bin/sh"
    groups = {"root": "root:x:0:", "nogroup": "nogroup:x:65534:", login: f"{login}:x:{UID}:"}
    return {
        "/etc/passwd": _lines(*people.values()),
        "/etc/group": _lines(*groups.values()),
        "/etc/hosts": _lines("127.0.0.1 localhost", "::1 localhost"),
        "/etc/nsswitch.conf": _lines("passwd: files", "group: files", "hosts: files"),
    }


def _filter() -> bytes:
    try:
        return seccomp.program(platform.machine())
    except ValueError as error:
        raise unfit("there is no system call filter for this machine", str(error)) from None


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
