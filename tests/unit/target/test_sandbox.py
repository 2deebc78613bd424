import platform
from pathlib import Path

import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Unavailable
from jumphost.model.target import Sandbox
from jumphost.stream import Reader, Socket, Writer
from jumphost.target import sandbox
from jumphost.testing.sandboxes import LOGIN, order

SITE = Path("/srv/jumphost")


def told(words: sandbox.Words) -> list[str]:
    return words.hidden.decode().removesuffix("\0").split("\0")


def at(words: list[str], *some: str) -> int:
    """Where the words stand, one after the other."""
    return next(place for place in range(len(words)) if words[place : place + len(some)] == list(some))


def test_it_has_namespaces_of_its_own_and_no_rights() -> None:
    words = told(sandbox.words(order("true"), SITE))
    for option in ("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"):
        assert option in words
    assert at(words, "--cap-drop", "ALL")
    assert "--share-net" not in words


def test_nothing_is_written_but_in_places_of_its_own() -> None:
    words = told(sandbox.words(order("true", Sandbox(tmp_bytes=5000)), SITE))
    for mode, path in (("1777", "/tmp"), ("1777", "/dev/shm"), ("0700", f"/home/{LOGIN}")):
        assert at(words, "--perms", mode, "--size", "5000", "--tmpfs", path) < at(words, "--remount-ro", "/")
    assert "--bind" not in words
    assert words.count("--tmpfs") == 3
    assert at(words, "--remount-ro", "/dev")


def test_the_environment_is_that_of_a_login() -> None:
    words = told(sandbox.words(order("true"), SITE))
    home = f"/home/{LOGIN}"
    assert words[at(words, "--clearenv") :] == [
        *("--clearenv", "--setenv", "HOME", home, "--setenv", "USER", LOGIN, "--setenv", "LOGNAME", LOGIN)
    ]


def test_what_everyone_may_see_is_the_line_and_its_limits() -> None:
    limits = Sandbox(processes=7, memory_bytes=1 << 25, file_bytes=9, open_files=20, cpu_s=11)
    one = order("true", limits)
    assert sandbox.words(one, SITE).command == (
        *("/usr/bin/prlimit", "--core=0", "--nproc=8", "--nofile=20", "--as=33554432", "--fsize=9", "--cpu=11"),
        *("--memlock=65536", "--msgqueue=0", "--", "/bin/sh", "-c", sandbox.FIRST),
        *(f"jumphost:{one.request}", one.line),
    )


def test_files_name_the_login() -> None:
    files = sandbox.words(order("true"), SITE).files
    assert b"\napp:x:1000:1000::/home/app:/bin/sh\n" in files["/etc/passwd"]
    assert b"\napp:x:1000:\n" in files["/etc/group"]
    assert set(files) == {"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf"}


def test_a_socket_is_at_its_place() -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        raise AssertionError

    made = sandbox.words(order("true", socket=Socket("/tmp/sock", serve)), SITE, "/run/x/sock")
    words = told(made)
    assert (
        at(words, "--tmpfs", "/tmp") < at(words, "--bind", "/run/x/sock", "/tmp/sock") < at(words, "--remount-ro", "/")
    )
    assert made.own == "/run/x/sock"


def test_read_paths_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumphost.config.private.PRIVATE", ("/root",))
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    words = told(sandbox.words(order("true", Sandbox(read=(f"{tmp_path}/link",))), SITE))
    assert at(words, "--ro-bind", f"{tmp_path.resolve()}/real", f"{tmp_path}/link")


@pytest.mark.parametrize("path", ["/nonexistent/tools", "loop"])
def test_read_paths_that_are_not_there(tmp_path: Path, path: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(Unavailable, match=r"of sandbox\.read cannot be read") as failed:
        sandbox.words(order("true", Sandbox(read=(str(tmp_path / path),))), SITE)
    assert failed.value.code is Code.TARGET_UNREACHABLE


def test_a_machine_without_a_filter_has_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Unavailable, match="there is no system call filter for this machine"):
        sandbox.words(order("true"), SITE)


def test_a_name_that_is_too_long_for_a_host_is_cut() -> None:
    one = order("true")
    words = told(sandbox.words(replace(one, target=replace(one.target, name="x" * 128)), SITE))
    assert at(words, "--hostname", "x" * 64)
