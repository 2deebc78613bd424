"""The filter, run here as the kernel runs it, and its numbers as libseccomp knows them."""

import ctypes
import ctypes.util
import errno
import struct

import pytest

from jumphost.target import seccomp

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS, EAFNOSUPPORT = (0x50000 | one for one in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT))
CALLS = {  # clone, ioctl, personality, prctl, socket, read
    "x86_64": {"clone": 56, "ioctl": 16, "personality": 135, "prctl": 157, "socket": 41, "read": 0},
    "aarch64": {"clone": 220, "ioctl": 29, "personality": 92, "prctl": 167, "socket": 198, "read": 63},
}


def verdict(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the program returns for a call: classic BPF, as far as it is used (linux/bpf_common.h)."""
    data = struct.pack(
        "=II8x6Q", number, MACHINES[machine] if arch is None else arch, *arguments, *(0,) * (6 - len(arguments))
    )
    steps = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    place, loaded = 0, 0
    while True:
        code, yes, no, value = steps[place]
        place += 1
        if code == 0x06:
            return value
        if code == 0x20:
            (loaded,) = struct.unpack_from("=I", data, value)
            continue
        holds = {0x15: loaded == value, 0x25: loaded > value, 0x45: bool(loaded & value)}[code]
        place += yes if holds else no


@pytest.mark.parametrize("machine", MACHINES)
class TestProgram:
    def test_every_denied_call_fails_and_ordinary_ones_do_not(self, machine: str) -> None:
        denied = set(seccomp.denied(machine).values())
        assert {verdict(machine, number) for number in denied} == {EPERM}
        looked_at = {CALLS[machine]["socket"]}  # with a first argument of 0, AF_UNSPEC
        others = set(range(seccomp.NEWEST + 1)) - denied - looked_at - {435}
        assert {verdict(machine, number) for number in others} == {ALLOW}

    @pytest.mark.parametrize("number", [435, 463, 1000, 0x7FFFFFFF, 0xFFFFFFFF])
    def test_what_no_filter_can_see_or_came_later_does_not_exist(self, machine: str, number: int) -> None:
        assert verdict(machine, number) == ENOSYS

    def test_calls_of_another_machine_end_the_process(self, machine: str) -> None:
        for arch in (0x40000003, 0xC000003E ^ 1, 0):
            assert verdict(machine, 0, arch=arch) == KILL

    def test_clone_makes_processes_and_no_namespaces(self, machine: str) -> None:
        clone = CALLS[machine]["clone"]
        assert verdict(machine, clone, 17) == ALLOW  # SIGCHLD, as fork has it
        assert verdict(machine, clone, 0x3D0F00) == ALLOW  # a thread
        for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
            assert verdict(machine, clone, flag | 17) == EPERM

    def test_one_argument_is_looked_at(self, machine: str) -> None:
        calls = CALLS[machine]
        assert [verdict(machine, calls["socket"], family) for family in (1, 2, 10, 16)] == [ALLOW] * 4
        assert [verdict(machine, calls["socket"], family) for family in (0, 3, 17, 38, 40)] == [EAFNOSUPPORT] * 5
        assert [verdict(machine, calls["ioctl"], 0, one) for one in (0x5412, 0x541C, 0x5413)] == [EPERM, EPERM, ALLOW]
        assert [verdict(machine, calls["ioctl"], 0, (7 << 32) | 0x5412)] == [EPERM]  # the kernel drops the upper half
        assert [verdict(machine, calls["personality"], one) for one in (0, 0xFFFFFFFF, 8)] == [ALLOW, ALLOW, EPERM]
        assert [verdict(machine, calls["prctl"], one) for one in (1, 38)] == [EPERM, ALLOW]

    def test_numbers_are_those_of_libseccomp(self, machine: str) -> None:
        name = ctypes.util.find_library("seccomp")
        if name is None:
            pytest.skip("no libseccomp: apt-get install libseccomp2")
        resolve = ctypes.CDLL(name).seccomp_syscall_resolve_name_arch
        known = {one: resolve(ctypes.c_uint32(MACHINES[machine]), one.encode()) for one in seccomp.denied(machine)}
        assert known == seccomp.denied(machine)
        assert {one: resolve(ctypes.c_uint32(MACHINES[machine]), one.encode()) for one in CALLS[machine]} == CALLS[
            machine
        ]


def test_x32_calls_do_not_exist() -> None:
    assert verdict("x86_64", 0x40000000 | 101) == ENOSYS


def test_a_machine_without_a_table_has_no_filter() -> None:
    with pytest.raises(ValueError, match="got a machine of kind riscv64, expected one of x86_64, aarch64"):
        seccomp.program("riscv64")
