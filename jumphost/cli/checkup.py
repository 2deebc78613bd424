"""What ``jumphost doctor`` looks at: each look yields what is wrong. A signer that it starts notes so in its log."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncssh

from jumphost import registry
from jumphost.cli.config import look as look_at_files
from jumphost.clock import Clock, SystemClock, rfc3339
from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.errors import JumphostError, Problem, Problems, Unavailable
from jumphost.gateway import control
from jumphost.gateway.admission import SET, STEP_NS, free
from jumphost.model.target import Target
from jumphost.signer.client import ephemeral
from jumphost.store import left
from jumphost.store.database import reading
from jumphost.store.requests import read_key
from jumphost.target import hostkeys

SOCKET_PATH_BYTES = 107  # unix(7): sun_path without its final NUL

Findings = dict[str, list[Problem]]


async def everything(site: Site, *, targets: bool, clock: Clock | None = None) -> Findings:
    """What was found, by what was looked at; what needs the site's files is not looked at while these are wrong."""
    clock = clock or SystemClock()
    found: Findings = {"files": look_at_files(site), "keys": list(keys(site)), "sockets": list(sockets(site))}
    found["journal"] = list(journal(site))
    found["clock"] = list(wall_clock(site, clock))
    found["gateway"] = list(gateway(site))
    if found["files"]:
        return found
    config = load_site(site)
    found["disks"] = list(disks(site, config))
    found["policy"] = [problem async for problem in policy(site, config)]
    found["signer"] = [problem async for problem in signer(site)]
    found["issuers"] = [problem async for problem in issuers(site, config, clock)]
    found["sandboxes"] = await registry.unfit(site, config.targets)
    if targets:
        found["targets"] = await reachable(config)
    return found


def keys(site: Site) -> Iterator[Problem]:
    """Whether the gateway's keys are what they are called; that they are there is a matter of the files."""
    readers: dict[str, Callable[[Path], object]] = {
        "host_key": asyncssh.read_private_key,
        "checkpoint_key": asyncssh.read_private_key,
        "requests_key": read_key,
    }
    for name, read in readers.items():
        path = site.keys / name
        if not path.exists():
            continue
        try:
            read(path)
        except (OSError, ValueError, JumphostError) as error:
            fix = "put the copy that you keep in its place"
            yield Problem(str(path), 0, "", f"cannot be used: {error}", code="key.unusable", fix=fix)


def sockets(site: Site) -> Iterator[Problem]:
    """Whether the sockets can have the names that they are given."""
    for path in (site.control_socket, site.signer_socket):
        if (length := len(os.fsencode(path))) > SOCKET_PATH_BYTES:
            message = f"got a path of {length} bytes, expected at most {SOCKET_PATH_BYTES}"
            yield Problem(str(path), 0, "", message, code="socket.path", fix="move the site to a shorter path")


def journal(site: Site) -> Iterator[Problem]:
    """Whether the databases are whole, where there are any yet."""
    for path in (site.journal_db, site.requests_db):
        if not path.exists():
            continue
        try:
            with reading(path) as connection:
                said = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
        except Unavailable as error:
            said = [error.detail]
        if said != ["ok"]:
            fix = f"stop the gateway and keep {path}: it is evidence; put the last good copy in its place"
            yield Problem(str(path), 0, "", f"is damaged: {said[0]}", code="journal.damaged", fix=fix)


def wall_clock(site: Site, clock: Clock) -> Iterator[Problem]:
    """Whether time went on since the last event."""
    try:
        with reading(site.journal_db) as connection:
            latest = left.latest(connection)
    except (Unavailable, sqlite3.Error):
        return  # none yet, or damaged: that is the journal's finding
    if clock.now_ns() < latest - STEP_NS:
        message = f"got {rfc3339(clock.now_ns())} now, and {rfc3339(latest)} in the journal's last event"
        yield Problem(str(site.journal_db), 0, "", message, code="clock.behind", fix=SET)


def gateway(site: Site) -> Iterator[Problem]:
    """Whether the gateway that says it runs does."""
    if not site.ready_file.exists():
        return
    try:
        control.call(site.control_socket, "approval.list")
    except JumphostError as error:
        gone = isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError)
        message = "is of a gateway that did not end in order" if gone else f"the gateway does not answer: {error}"
        fix = "start it again: `jumphost serve` seals what was left open" if gone else "see its log, then restart it"
        yield Problem(str(site.ready_file), 0, "", message, code="gateway.gone" if gone else "gateway.silent", fix=fix)


def disks(site: Site, config: SiteConfig) -> Iterator[Problem]:
    """Whether recordings and journal can be written, with as much room as is asked for."""
    for path in (site.resolve(config.settings.recording.path), site.state, site.run):
        place = next(parent for parent in (path, *path.parents) if parent.exists())
        if os.statvfs(place).f_flag & os.ST_RDONLY or not os.access(place, os.W_OK | os.X_OK):
            fix = f"mount it for writing, and let uid {os.geteuid()} write there"
            yield Problem(str(path), 0, "", "cannot be written", code="disk.read_only", fix=fix)
        elif (room := free(place)) < (least := config.settings.recording.min_free):
            message = f"got {room} bytes free, expected {least} (recording.min_free): nothing starts"
            yield Problem(str(path), 0, "", message, code="limit.disk", fix="make room, or lower recording.min_free")


async def policy(site: Site, config: SiteConfig) -> AsyncIterator[Problem]:
    """Whether the policy can be loaded and judges."""
    try:
        engine = await registry.engine(site, config.settings)
        await engine.close()
    except Problems as error:
        for problem in error.problems:
            yield problem
    except JumphostError as error:
        yield Problem(str(site.policies), 0, "", str(error), code=error.code, fix="see `jumphost policy check`")


async def signer(site: Site) -> AsyncIterator[Problem]:
    """Whether a signer listens, or one can be started."""
    try:
        async with ephemeral(site):
            pass
    except JumphostError as error:
        fix = "see what it says above, and the modes of that folder"
        yield Problem(str(site.signer), 0, "", str(error), code=error.code, fix=fix)


async def issuers(site: Site, config: SiteConfig, clock: Clock) -> AsyncIterator[Problem]:
    """Whether the keys of each issuer of tokens can be had, and the identities that it vouches for are there."""
    file = str(site.settings)
    for name, issuer in config.settings.issuers.items():
        for match in issuer.match:
            if match.identity not in config.identities:
                message = f"got the identity {match.identity!r}, expected one of identities.yaml"
                fix = "take the match out, or `jumphost identity add` it: until then its tokens buy nothing"
                yield Problem(file, 0, f"issuers.{name}.match", message, code="issuer.identity", fix=fix)
        try:
            await registry.issuer_keys(site, issuer, clock.now_ns())
        except (OSError, TimeoutError, ValueError) as error:
            message = f"its keys cannot be had: {str(error) or type(error).__name__}"
            fix = "see whether it is up and what is between it and here, or give its keys in a file (jwks, certificate)"
            yield Problem(file, 0, f"issuers.{name}", message, code="token.unavailable", fix=fix)


async def reachable(config: SiteConfig) -> list[Problem]:
    """Whether each target answers, with a host key that it may show."""
    over_ssh = [target for target in config.targets.values() if target.kind == "ssh"]
    found = await asyncio.gather(*(_reach(target) for target in over_ssh))
    return [problem for problem in found if problem is not None]


async def _reach(target: Target) -> Problem | None:
    try:
        line = await hostkeys.scan(target.host, target.port)
    except Unavailable as error:
        fix = "see whether the host is up, and what is between it and here"
        return Problem("targets.yaml", 0, target.name, error.message, code=error.code, fix=fix)
    known, authorities, _ = hostkeys.trusted(target)
    shown = asyncssh.import_public_key(line)
    if authorities or shown.public_data in {key.public_data for key in known}:
        return None
    if shown.algorithm not in {key.algorithm for key in known}:
        return None  # it has keys of several kinds, and showed another than the one that is pinned
    fix = "find out why: a new key, or another host; only then `jumphost target add` it again"
    message = f"got the host key {shown.get_fingerprint()}, expected one of host_keys"
    return Problem("targets.yaml", 0, target.name, message, code="target.host_key", fix=fix)
