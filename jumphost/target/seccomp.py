"""The system calls that a command in a sandbox does not have, as a classic BPF program for ``seccomp(2)``.

What would open a namespace, a mount, another process, a key ring or a rarely used part of the kernel fails, and so does
every call that came into the kernel after this table was written. All others are as they are: the sandbox's namespaces,
its lack of privileges and its limits bound what these reach.
"""

import errno
import struct
from collections.abc import Iterator, Mapping
from typing import Final

NEWEST: Final = 462  # mseal, Linux 6.10: from 403 on the numbers are the same on all machines

# Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (arm64), of Linux 6.10.
_X86_64: Final = {
    "ptrace": 101, "syslog": 103, "uselib": 134, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155, "_sysctl": 156,
    "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167,
    "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173,
    "init_module": 175, "delete_module": 176, "quotactl": 179, "lookup_dcookie": 212, "clock_settime": 227,
    "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298,
    "fanotify_init": 300, "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320,
    "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
_AARCH64: Final = {
    "lookup_dcookie": 18, "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "vhangup": 58, "quotactl": 60,
    "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106, "clock_settime": 112,
    "syslog": 116, "ptrace": 117, "reboot": 142, "sethostname": 161, "setdomainname": 162, "settimeofday": 170,
    "adjtimex": 171, "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225,
    "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265,
    "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
    "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
}  # fmt: skip
_BOTH: Final = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443,
}  # fmt: skip
_CLONE3: Final = 435  # its flags are in memory, where no filter can see them: libraries fall back to clone
# Calls of which one argument is looked at: clone, ioctl, personality, prctl, socket.
_LOOKED_AT: Final[Mapping[str, tuple[int, int, int, int, int]]] = {
    "x86_64": (56, 16, 135, 157, 41),
    "aarch64": (220, 29, 92, 167, 198),
}
_ARCHES: Final[Mapping[str, tuple[int, Mapping[str, int]]]] = {  # AUDIT_ARCH_* of linux/audit.h
    "x86_64": (0xC000_003E, _X86_64 | _BOTH),
    "aarch64": (0xC000_00B7, _AARCH64 | _BOTH),
}
_X32: Final = 0x4000_0000  # __X32_SYSCALL_BIT
_CLONE_NEW: Final = 0x7E02_0000  # all CLONE_NEW* flags of linux/sched.h that clone takes
_TERMINALS: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_PERSONALITIES: Final = (0, 0xFFFF_FFFF)  # Linux as it is, and the question which
_PR_SET_PDEATHSIG: Final = 1  # what ends the sandbox with the gateway stays
_FAMILIES: Final = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: vsock knows no namespaces, others are rare

_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_SET, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06  # linux/bpf_common.h
_NUMBER, _ARCH, _ARGUMENT = 0, 4, (16, 24)  # offsets in struct seccomp_data; the low halves, little-endian
_ALLOW, _KILL, _ERROR = 0x7FFF_0000, 0x8000_0000, 0x0005_0000  # SECCOMP_RET_*

_Step = tuple[int, int, int, int]


def denied(machine: str) -> Mapping[str, int]:
    """The calls that fail whatever their arguments are, with their numbers; ValueError as :func:`program`."""
    return _of(machine)[1]


def program(machine: str) -> bytes:
    """The filter for a machine as ``platform.machine()`` names it; ValueError if there is none for it."""
    arch, calls = _of(machine)
    return b"".join(struct.pack("=HBBI", *step) for step in _steps(machine, arch, calls))


def _of(machine: str) -> tuple[int, Mapping[str, int]]:
    if machine not in _ARCHES:
        raise ValueError(f"got a machine of kind {machine}, expected one of {', '.join(_ARCHES)}")
    return _ARCHES[machine]


def _steps(machine: str, arch: int, calls: Mapping[str, int]) -> Iterator[_Step]:
    clone, ioctl, personality, prctl, socket = _LOOKED_AT[machine]
    yield (_LOAD, 0, 0, _ARCH)
    yield (_JUMP_EQUAL, 1, 0, arch)
    yield (_RETURN, 0, 0, _KILL)
    yield (_LOAD, 0, 0, _NUMBER)
    if machine == "x86_64":
        yield from _when(_JUMP_SET, _X32, errno.ENOSYS)
    yield from _when(_JUMP_GREATER, NEWEST, errno.ENOSYS)
    yield from _when(_JUMP_EQUAL, _CLONE3, errno.ENOSYS)
    for number in calls.values():
        yield from _when(_JUMP_EQUAL, number, errno.EPERM)
    yield from _looked_at(clone, 0, [*_when(_JUMP_SET, _CLONE_NEW, errno.EPERM)])
    yield from _looked_at(ioctl, 1, [step for one in _TERMINALS for step in _when(_JUMP_EQUAL, one, errno.EPERM)])
    yield from _looked_at(prctl, 0, [*_when(_JUMP_EQUAL, _PR_SET_PDEATHSIG, errno.EPERM)])
    yield from _looked_at(personality, 0, _only(_PERSONALITIES, errno.EPERM))
    yield from _looked_at(socket, 0, _only(_FAMILIES, errno.EAFNOSUPPORT))
    yield (_RETURN, 0, 0, _ALLOW)


def _when(test: int, value: int, error: int) -> Iterator[_Step]:
    """Fails with the error if what was loaded is so."""
    yield (test, 0, 1, value)
    yield (_RETURN, 0, 0, _ERROR | error)


def _only(values: tuple[int, ...], error: int) -> list[_Step]:
    """Fails with the error if what was loaded is none of the values."""
    tests = [(_JUMP_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [*tests, (_RETURN, 0, 0, _ERROR | error)]


def _looked_at(number: int, argument: int, tests: list[_Step]) -> Iterator[_Step]:
    """For one call: the tests on one of its arguments, and if none fails it may go on."""
    yield (_JUMP_EQUAL, 0, len(tests) + 2, number)
    yield (_LOAD, 0, 0, _ARGUMENT[argument])
    yield from tests
    yield (_RETURN, 0, 0, _ALLOW)
