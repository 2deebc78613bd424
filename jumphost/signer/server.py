"""The signer: answers questions on a unix socket, one a connection, one after the other."""

import asyncio
import os
from collections.abc import Collection
from pathlib import Path

import structlog
from msgspec.structs import replace

from jumphost.clock import NS_PER_S, Clock
from jumphost.config.site import Site
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.localsocket import bound, peer_uid
from jumphost.signer import authority, callers, exchange, hosts, mint, renewal
from jumphost.signer.copies import Copies
from jumphost.signer.draft import Draft
from jumphost.signer.keys import Keys
from jumphost.signer.ledger import HOLD_LIFE_S, Ledger
from jumphost.signer.log import Log, Record
from jumphost.signer.protocol import (
    Answer,
    ExchangeCaller,
    Failed,
    ForCertificate,
    IssueCaller,
    Issued,
    IssueHost,
    Noted,
    RenewCaller,
    SignTarget,
    UseTarget,
    frame,
    question,
    read_frame,
)

QUESTION_TIMEOUT_S = 5.0  # a peer that connects and says nothing
MAX_CONNECTIONS = 128

log = structlog.get_logger(__name__)


class Signer:
    """Holds the CA keys. Answers are synchronous: no second question is looked at before one is on disk."""

    def __init__(self, site: Site, clock: Clock, records: Log) -> None:
        """Reads keys, files and log; Unavailable (signer.unavailable) if one of them cannot be used."""
        self._clock, self._records = clock, records
        self._keys = Keys(site)
        self._copies = Copies(site, self._keys)
        self._copies.ceiling()
        self._ledger = Ledger()
        self._remember()

    def answer(self, body: bytes, peer: int) -> Answer:
        """What is answered to the frame of a peer (its uid); every refusal is in the log too."""
        try:
            asked = question(body)
            return self._note(asked, peer) if isinstance(asked, UseTarget) else self._issue(asked, peer)
        except ValueError as error:
            return self._refused(Refused(Code.SIGNER_REFUSED, f"got no question to a signer: {error}"), peer)
        except Refused as error:
            return self._refused(error, peer)
        except Unavailable as error:
            log.error("signer.unavailable", message=error.message, detail=error.detail)
            return Failed(error.code, error.message, error.detail)

    def _issue(self, asked: ForCertificate, peer: int) -> Issued:
        draft = self._draft(asked)
        serial = mint.new_serial()
        record = Record(
            at=self._clock.now_ns() // NS_PER_S,
            kind=draft.kind,
            peer=peer,
            serial=str(serial),
            key_id=draft.key_id,
            principal=draft.principal,
            key=draft.key.fingerprint,
            valid_before=draft.valid_before,
            critical=draft.critical,
            decision=draft.decision,
            input_digest=draft.input_digest,
            hold=draft.hold,
            until=draft.until,
            connection=draft.connection,
            line=draft.line,
            renewed=draft.renewed,
        )
        # Counted before it is signed, on disk before it is given: what fails between may not be asked for again.
        self._ledger.claim(record)
        certificate = mint.sign(draft, self._keys.key(draft.ca), serial)
        self._records.append(record)
        return Issued(certificate, str(serial), draft.valid_before)

    def _note(self, asked: UseTarget, peer: int) -> Noted:
        record = replace(authority.use(asked, self._copies.current(), self._clock.now_ns()), peer=peer)
        self._ledger.claim(record)
        self._records.append(record)
        return Noted()

    def _draft(self, asked: ForCertificate) -> Draft:
        config, now_ns = self._copies.current(), self._clock.now_ns()
        if isinstance(asked, IssueCaller):
            return callers.certificate(asked, config, self._copies.ceiling(), now_ns)
        if isinstance(asked, RenewCaller):
            return renewal.certificate(asked, config, self._copies.ceiling(), now_ns)
        if isinstance(asked, ExchangeCaller):
            return exchange.certificate(asked, config, self._copies.ceiling(), now_ns)
        if isinstance(asked, IssueHost):
            return hosts.certificate(asked, config, now_ns)
        if isinstance(asked, SignTarget):
            return authority.target(asked, config, now_ns)
        return authority.check(asked, config, now_ns)

    def _refused(self, error: Refused, peer: int) -> Failed:
        log.warning("signer.refused", message=error.message, detail=error.detail, peer=peer)
        try:
            self._records.append(
                Record(at=self._clock.now_ns() // NS_PER_S, kind="refused", peer=peer, reason=error.message)
            )
        except JumphostError as failed:
            log.error("signer.unavailable", message=failed.message)
        return Failed(error.code, error.message, error.detail)

    def _remember(self) -> None:
        now_s = self._clock.now_ns() // NS_PER_S
        try:
            for record in self._records.since(now_s - HOLD_LIFE_S):
                self._ledger.recall(record)
        except ValueError as error:
            raise Unavailable(
                Code.SIGNER_UNAVAILABLE, f"the signer's log is not as it wrote it, expected it untouched: {error}"
            ) from None
        self._records.append(Record(at=now_s, kind="start"))


async def serve(signer: Signer, path: Path, *, peers: Collection[int]) -> asyncio.Server:
    """Listens on ``path`` and answers processes of our own uid and those in ``peers`` (the kernel says who asks).

    Others may ask only where there are such peers. OSError if it cannot be bound (its path may have 107 bytes).
    """
    open_connections = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_connections
        open_connections += 1
        try:
            uid = peer_uid(writer)
            if uid != os.geteuid() and uid not in peers:
                log.warning("signer.stranger", uid=uid)
            elif open_connections <= MAX_CONNECTIONS:
                await asyncio.wait_for(_converse(signer, uid, reader, writer), QUESTION_TIMEOUT_S)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            log.info("signer.dropped", reason=repr(error))
        finally:
            open_connections -= 1
            writer.close()

    return await asyncio.start_unix_server(connected, sock=bound(path, 0o666 if peers else 0o600))


async def _converse(signer: Signer, uid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if body := await read_frame(reader):
        writer.write(frame(signer.answer(body, uid)))
        await writer.drain()
