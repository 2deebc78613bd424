"""How a sandbox begins and ends, by programs that are no bwrap where bwrap is at fault."""

import itertools
import os
from pathlib import Path
from tempfile import gettempdir

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.target import bubble, sandbox
from jumphost.target.bubble import Bubble
from jumphost.testing.sandboxes import order

SITE = Path("/srv/jumphost")
WORDS = sandbox.words(order("true"), SITE)


def program(folder: Path, script: str) -> str:
    """A program in a place that every uid may reach."""
    path = folder / "bwrap"
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    shared = Path(gettempdir())
    for above in (folder, *itertools.takewhile(lambda one: one != shared, folder.parents)):
        above.chmod(0o755)
    return str(path)


def status_fd() -> str:
    """Shell words that set ``fd`` to the descriptor that bwrap tells of itself on."""
    return 'while [ "$1" != --json-status-fd ]; do shift; done; fd=$2'


async def test_what_it_says_where_it_makes_no_sandbox(tmp_path: Path) -> None:
    one = Bubble(program(tmp_path, "echo No permissions to create new namespace >&2; exit 1"), WORDS)
    with pytest.raises(Unavailable, match="bwrap did not make it") as failed:
        await one.begun()
    assert failed.value.code is Code.TARGET_UNREACHABLE
    assert failed.value.detail == f"No permissions to create new namespace: {bubble.ALLOW}"
    assert await one.ended() is None
    one.close()


async def test_the_first_process_and_the_status_are_told(tmp_path: Path) -> None:
    told = """{ "child-pid": 77, "pid-namespace": 1 }"""
    script = f"""{status_fd()}; echo '{told}' >&$fd; echo; read -r line; echo '{{ "exit-code": 9 }}' >&$fd; exit 3"""
    one = Bubble(program(tmp_path, script), WORDS)
    assert await one.begun() == 77
    assert not one.over
    one.stdin.write(b"go on\n")
    assert await one.ended() == 9
    assert one.over
    one.close()
    one.close()


async def test_a_bwrap_that_is_killed_tells_no_status(tmp_path: Path) -> None:
    script = f"""{status_fd()}; echo '{{ "child-pid": 77 }}' >&$fd; echo; kill -9 $$"""
    one = Bubble(program(tmp_path, script), WORDS)
    await one.begun()
    assert await one.ended() is None
    one.close()


async def test_a_bwrap_that_tells_nothing_made_nothing(tmp_path: Path) -> None:
    one = Bubble(program(tmp_path, "echo"), WORDS)
    with pytest.raises(Unavailable, match="bwrap did not say what it made"):
        await one.begun()
    await one.ended()
    one.close()


async def test_it_gets_the_words_the_filter_and_the_files(tmp_path: Path) -> None:
    script = (
        "for word; do case $last in --args) head -c 40 <&$word; echo;; --seccomp) wc -c <&$word;; "
        "--ro-bind-data) head -n 1 <&$word;; esac; last=$word; done >&2"
    )
    one = Bubble(program(tmp_path, script), WORDS)
    with pytest.raises(Unavailable) as failed:
        await one.begun()
    assert "root:x:0:0::/:/bin/false" in failed.value.detail
    assert "--unshare-all\0--unshare-user\0" in failed.value.detail
    assert f"\n{len(WORDS.filter)}: let this uid" in failed.value.detail
    one.close()


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bubble, "PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="a program is missing") as failed:
        bubble.program()
    assert failed.value.detail == f"got no bwrap: {bubble.INSTALL}"
    monkeypatch.setattr(bubble, "PATH", str(tmp_path))
    program(tmp_path, "exit 0")
    monkeypatch.setattr(sandbox, "PRLIMIT", "/nonexistent/prlimit")
    with pytest.raises(Unavailable) as failed:
        bubble.program()
    assert failed.value.detail == f"got no /nonexistent/prlimit: {bubble.INSTALL}"
    monkeypatch.setattr(sandbox, "PRLIMIT", "/bin/sh")
    monkeypatch.setattr(bubble, "SETPRIV", "/nonexistent/setpriv")
    with pytest.raises(Unavailable) as failed:
        bubble.program()
    assert "got no /nonexistent/setpriv" in failed.value.detail


async def test_a_program_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubble, "SETPRIV", str(tmp_path / "none"))
    with pytest.raises(OSError, match="none"):
        Bubble(str(tmp_path / "none"), WORDS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has other uids to give")
async def test_as_root_each_has_a_uid_that_owns_nothing(tmp_path: Path) -> None:
    path = program(tmp_path, "id >&2")
    said = []
    for _ in range(2):
        one = Bubble(path, WORDS)
        with pytest.raises(Unavailable) as failed:
            await one.begun()
        said.append(failed.value.detail.partition(": let")[0])
        one.close()
    uids = [int(text.partition("uid=")[2].partition(" ")[0]) for text in said]
    assert [text.split() for text in said] == [[f"uid={uid}", f"gid={uid}", f"groups={uid}"] for uid in uids]
    assert uids[0] != uids[1]
    assert {bubble.FIRST_UID <= uid < bubble.FIRST_UID + bubble.UIDS for uid in uids} == {True}
