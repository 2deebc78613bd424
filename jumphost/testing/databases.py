"""Real PostgreSQL and MariaDB as witnesses: private servers in a folder, with a few tables, reached by a socket."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TABLES: Final = (  # to all three
    "create table cards (id int primary key, pan varchar(32), holder varchar(32), amount int, seen timestamp)",
    "create table accounts (id int primary key, card_id int, owner varchar(32), data varchar(64))",
    "insert into cards values (1, '4111111111111111', 'ann', 10, '2026-01-02 03:04:05')",
    "insert into cards values (2, '5500000000000004', 'bob', 20, '2026-02-03 04:05:06')",
    "insert into accounts values (1, 1, 'ann', '[1, 2]'), (2, 2, 'bob', '[]')",
    "create view balances as select owner, amount from accounts join cards on card_id = cards.id",
)
_POSTGRES: Final = (
    "create schema audit",
    "create table audit.log (id serial primary key, line text)",
    "insert into audit.log (line) values ('first')",
    "create sequence numbers",
    (
        "create function public.note(text) returns text language sql"
        " as 'insert into audit.log (line) values ($1) returning line'"
    ),
)
_MARIADB: Final = (
    "create database audit",
    "create table audit.log (id int auto_increment primary key, line varchar(64))",
    "insert into audit.log (line) values ('first')",
    "create sequence numbers",
    (
        "create function note(what varchar(64)) returns int"
        " begin insert into audit.log (line) values (what); return 1; end"
    ),
)


_RANDOM = re.compile(r"^\\(?:un)?restrict .*$", re.MULTILINE)  # pg_dump names each dump


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the command line of its client up to a statement, and those that print all of its data."""

    client: tuple[str, ...]
    dump: tuple[tuple[str, ...], ...]

    def ask(self, text: str, *, timeout: float = 20) -> subprocess.CompletedProcess[str]:
        """What the client says to ``text``, handed to it as one word."""
        return subprocess.run(
            [*self.client, text], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout
        )

    def state(self) -> str:
        """All that a statement could have changed."""
        dumped = (subprocess.run(one, capture_output=True, text=True, check=True).stdout for one in self.dump)
        return _RANDOM.sub("", "".join(dumped))

    def fill(self, *statements: str) -> None:
        """Runs each by itself; RuntimeError if one fails."""
        for one in statements:
            made = self.ask(one)
            if made.returncode:
                raise RuntimeError(f"{one}: {made.stderr}")


def as_user(name: str) -> tuple[str, ...]:
    """What starts a server as ``name`` where this process is root, which servers refuse to be."""
    return ("setpriv", f"--reuid={name}", f"--regid={name}", "--clear-groups") if os.geteuid() == 0 else ()


def own(folder: Path, name: str) -> None:
    if os.geteuid() == 0:
        found = pwd.getpwnam(name)
        os.chown(folder, found.pw_uid, found.pw_gid)


@contextmanager
def postgres(folder: Path, *, port: int = 5432, access: str = "", settings: Sequence[str] = ()) -> Iterator[Server]:
    """A PostgreSQL of its own in ``folder`` (short, readable to all); LookupError if it is not installed.

    ``access`` are lines of pg_hba.conf that come before the one that lets everybody in by the socket, whose name has
    ``port``; ``settings`` are further ones of the server, ``NAME=VALUE``.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs or not shutil.which("psql"):
        raise LookupError("PostgreSQL is not installed: apt-get install postgresql")
    folder.mkdir()
    own(folder, "postgres")
    user, place = as_user("postgres"), programs[-1].parent
    _quiet(
        [*user, str(place / "initdb"), "-D", str(folder / "data"), "-U", "tester", "-A", "trust", "-N", "-E", "UTF8"]
    )
    rules = folder / "data/pg_hba.conf"
    rules.write_text(access + rules.read_text())
    options = ["-D", str(folder / "data"), "-k", str(folder)]
    for setting in ("listen_addresses=", "fsync=off", f"port={port}", *settings):
        options += ["-c", setting]
    address = ("-h", str(folder), "-p", str(port), "-U", "tester")
    client = ("psql", "-XqAt", *address, "-d", "postgres", "-c")
    server = Server(
        client, (("pg_dump", "--inserts", *address, "postgres"), ("pg_dumpall", "--globals-only", *address))
    )
    with _running([*user, str(place / "postgres"), *options], folder, server, signal.SIGINT):
        server.fill(*TABLES, *_POSTGRES)
        yield server


@contextmanager
def mariadb(folder: Path, *, settings: Sequence[str] = ()) -> Iterator[Server]:
    """A MariaDB of its own in ``folder`` (short, readable to all); LookupError if it is not installed.

    ``settings`` are further ones of the server, ``NAME=VALUE``.
    """
    daemon, install = shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), shutil.which("mariadb-install-db")
    if not daemon or not install or not shutil.which("mariadb"):
        raise LookupError("MariaDB is not installed: apt-get install mariadb-server")
    folder.mkdir()
    own(folder, "mysql")
    user, data, socket = as_user("mysql"), str(folder / "data"), str(folder / "socket")
    _quiet(
        [
            *user,
            install,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
    )
    options = [f"--datadir={data}", f"--socket={socket}", "--skip-networking", f"--pid-file={folder}/pid"]
    options += [f"--{setting}" for setting in settings]
    address = ("--no-defaults", f"--socket={socket}", "-u", "root")
    client = ("mariadb", *address, "-NB")
    dump = ("mariadb-dump", *address, "--skip-comments", "--routines", "--databases", "bank", "audit")
    server = Server((*client, "-D", "bank", "-e"), (dump,))
    with _running([*user, daemon, "--no-defaults", *options], folder, Server((*client, "-e"), ()), signal.SIGTERM):
        Server((*client, "-e"), ()).fill("create database bank")
        server.fill(*TABLES)
        Server((*client, "-D", "bank", "--delimiter=//", "-e"), ()).fill(*_MARIADB)
        yield server


@contextmanager
def _running(command: Sequence[str], folder: Path, server: Server, stop: signal.Signals) -> Iterator[None]:
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
    try:
        while server.ask("select 1").returncode:
            if process.poll() is not None:
                raise RuntimeError(Path(log.name).read_text())
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(stop)
        process.wait(30)


def _quiet(command: Sequence[str]) -> None:
    made = subprocess.run(command, capture_output=True, text=True, cwd="/")
    if made.returncode:
        raise RuntimeError(made.stdout + made.stderr)
