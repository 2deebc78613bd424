"""A gateway that must not start says why, with a code, and what to do about it."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from jumphost.clock import NS_PER_S, SystemClock
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.model.event import Event, Kind
from jumphost.store.sqlite import Store
from jumphost.testing.commands import run


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = create_site(tmp_path / "site", listen="127.0.0.1:0", example=True)
    change(site, policy={"engine": "embedded"})
    return site


def change(site: Site, **settings: object) -> None:
    site.settings.write_text(yaml.safe_dump({**yaml.safe_load(site.settings.read_text()), **settings}))


def serve(site: Site, *options: str) -> "subprocess.CompletedProcess[str]":
    """The gateway, to its end."""
    words = [sys.executable, "-m", "jumphost", "serve", "--site", str(site.root), *options]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def refused(site: Site) -> str:
    """The line of a gateway that does not start."""
    done = serve(site)
    assert (done.returncode, done.stdout) == (69, "")
    return done.stderr.splitlines()[-1]


def findings(site: Site) -> str:
    """What the doctor says of it."""
    ran = run("doctor", "--site", site.root)
    assert ran.status == 1
    return ran.out


def test_a_damaged_journal(site: Site) -> None:
    site.journal_db.write_bytes(os.urandom(65_536))
    line = refused(site)
    assert line.startswith(f"jumphost: journal.unavailable: {site.journal_db} cannot be opened: it is damaged: keep it")
    assert line.endswith("(file is not a database)")
    assert "is damaged" in findings(site)


def test_a_journal_that_another_gateway_writes(site: Site) -> None:
    store = Store.open(site.journal_db, log="gw")
    assert store is not None
    assert f"is written by another process (pid {os.getpid()}): stop that gateway first" in refused(site)


def test_a_journal_that_another_program_has_locked(site: Site) -> None:
    with sqlite3.connect(site.journal_db, isolation_level=None) as other:
        other.execute("CREATE TABLE theirs (x)")
        other.execute("BEGIN EXCLUSIVE")
        assert "another program has locked it: end that one (database is locked)" in refused(site)
    other.close()


def test_too_little_room(site: Site) -> None:
    change(site, recording={"min_free": 1 << 50})
    assert refused(site).startswith("jumphost: limit.disk: too little disk is free")
    assert "make room, or lower recording.min_free" in findings(site)


async def journalled(site: Site, at_ns: int) -> None:
    store = Store.open(site.journal_db, log="jumphost")
    await store.write(None, Event(Kind.SYSTEM_STOP, at_ns))
    await store.close()


def test_a_clock_behind_the_journal_until_somebody_looked(site: Site) -> None:
    asyncio.run(journalled(site, SystemClock().now_ns() + 3600 * NS_PER_S))
    line = refused(site)
    assert line.startswith("jumphost: clock.behind: this machine's clock stepped back (got ")
    assert "start with --clock-is-right" in line
    assert "--clock-is-right" in findings(site)
    for options in (["--clock-is-right"], []):  # once is enough
        words = [sys.executable, "-m", "jumphost", "serve", "--site", str(site.root), *options]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as gateway:
            assert gateway.stdout is not None
            assert b'"event": "ready"' in gateway.stdout.readline()
            gateway.terminate()


@pytest.fixture
def on_small_disk(site: Site, small_disk: Path) -> Iterator[Callable[[str], None]]:
    """Puts a folder of the site on a disk that can be filled and remounted."""

    def put(name: str) -> None:
        folder = getattr(site, name)
        folder.rmdir()
        folder.symlink_to(small_disk, target_is_directory=True)

    return put


def test_a_read_only_disk_for_the_journal(site: Site, small_disk: Path, on_small_disk: Callable[[str], None]) -> None:
    on_small_disk("state")
    change(site, recording={"min_free": 0})
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "cannot be opened: see to its disk, folder and modes" in refused(site)
    assert "mount it for writing" in findings(site)


def test_a_full_disk_for_the_journal(site: Site, small_disk: Path, on_small_disk: Callable[[str], None]) -> None:
    on_small_disk("state")
    change(site, recording={"min_free": 0})
    (small_disk / "ballast").write_bytes(b"x" * 500_000)
    assert "journal.unavailable" in refused(site)
    (small_disk / "ballast").unlink()
    assert run("doctor", "--site", site.root).status == 0
