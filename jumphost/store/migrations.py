"""The tables of ``state/journal.db``, as numbered steps that are only added to."""

import sqlite3

from sqlite_utils import Database, Migrations

journal = Migrations("jumphost.journal")
requests = Migrations("jumphost.requests")


@journal(name="0001 spine")
def _spine(db: Database) -> None:
    for statement in _SPINE:
        db.execute(statement)


@journal(name="0002 recordings without a seal")
def _unsealed(db: Database) -> None:
    db.execute("CREATE INDEX session_unsealed ON session (id) WHERE recording IS NOT NULL AND sha256 IS NULL")


@journal(name="0003 families of certificates")
def _families(db: Database) -> None:
    for statement in _FAMILIES:
        db.execute(statement)


@journal(name="0004 enrolments")
def _enrolments(db: Database) -> None:
    db.execute(_ENROLMENT)


@journal(name="0005 leases")
def _leases(db: Database) -> None:
    for statement in _LEASES:
        db.execute(statement)


@journal(name="0006 spent tokens")
def _spent(db: Database) -> None:
    # What copies of one token have in common (identity.base.VerifiedClaims.once), until it cannot come again.
    db.execute("CREATE TABLE spent_token (once TEXT PRIMARY KEY, until_s INTEGER NOT NULL) STRICT")
    db.execute("CREATE INDEX spent_token_until ON spent_token (until_s)")


@requests(name="0001 requests")
def _requests(db: Database) -> None:
    db.execute("CREATE TABLE request (id TEXT PRIMARY KEY, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT")


def migrate(connection: sqlite3.Connection, steps: Migrations) -> None:
    """Brings the tables up to the newest step; each step is one transaction."""
    steps.apply(Database(connection, recursive_triggers=False, execute_plugins=False))


_SPINE = (
    # The journal. ``body`` is the exact bytes of model.event.encode; the columns beside it only find it.
    """
    CREATE TABLE event (
      log TEXT NOT NULL, idx INTEGER NOT NULL, at_ns INTEGER NOT NULL, kind TEXT NOT NULL,
      session TEXT NOT NULL, connection TEXT NOT NULL, decision TEXT NOT NULL,
      identity TEXT NOT NULL, target TEXT NOT NULL, body BLOB NOT NULL,
      PRIMARY KEY (log, idx)
    ) STRICT
    """,
    "CREATE INDEX event_session ON event (session, idx)",
    "CREATE INDEX event_connection ON event (connection, idx)",
    "CREATE INDEX event_kind ON event (kind, at_ns)",
    "CREATE INDEX event_identity ON event (identity, at_ns)",
    """
    CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END
    """,
    """
    CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END
    """,
    # A projection of the events (store.projection): one row a session, what is not known yet is NULL.
    """
    CREATE TABLE session (
      id TEXT PRIMARY KEY, connection TEXT NOT NULL, identity TEXT NOT NULL, target TEXT NOT NULL,
      opened_ns INTEGER NOT NULL, started_ns INTEGER, ended_ns INTEGER,
      operation TEXT, login TEXT, command TEXT, purpose TEXT, correlation TEXT,
      source TEXT, issuer TEXT, serial TEXT, key_id TEXT,
      decision TEXT, effect TEXT, code TEXT, revision TEXT, request_digest TEXT, hold TEXT,
      status INTEGER, signal TEXT, outcome TEXT, recording TEXT, bytes INTEGER, sha256 TEXT
    ) STRICT
    """,
    "CREATE INDEX session_opened ON session (opened_ns)",
    "CREATE INDEX session_live ON session (id) WHERE ended_ns IS NULL",
    "CREATE INDEX session_identity ON session (identity, opened_ns)",
    "CREATE INDEX session_target ON session (target, opened_ns, started_ns, ended_ns)",
    # model.approval.Hold: equal requests share one live hold.
    """
    CREATE TABLE hold (
      id TEXT PRIMARY KEY,
      state TEXT NOT NULL
        CHECK (state IN ('pending', 'approved', 'consumed', 'rejected', 'expired', 'withdrawn')),
      request_digest TEXT NOT NULL, identity TEXT NOT NULL, owner TEXT NOT NULL, target TEXT NOT NULL,
      login TEXT NOT NULL, command TEXT NOT NULL, terms TEXT NOT NULL CHECK (json_valid(terms)), message TEXT NOT NULL,
      created_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL, decision TEXT NOT NULL,
      correlation TEXT NOT NULL, purpose TEXT NOT NULL, reason TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX hold_live ON hold (request_digest) WHERE state IN ('pending', 'approved')",
    # model.approval.Approval: every statement that was taken, in the order they came (rowid).
    """
    CREATE TABLE approval (
      hold TEXT NOT NULL REFERENCES hold (id), approver TEXT NOT NULL,
      request_digest TEXT NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
      reason TEXT NOT NULL, at TEXT NOT NULL, not_after TEXT NOT NULL, signature TEXT NOT NULL,
      groups TEXT NOT NULL CHECK (json_valid(groups)),
      UNIQUE (hold, signature)
    ) STRICT
    """,
    # What was revoked: serial, key_id, identity or ca.
    """
    CREATE TABLE revocation (
      kind TEXT NOT NULL, value TEXT NOT NULL, at_ns INTEGER NOT NULL, reason TEXT NOT NULL,
      PRIMARY KEY (kind, value)
    ) STRICT
    """,
)

_FAMILIES = (
    # identity.renewal.Family: the newest certificate of those that descend from one another by renewals.
    """
    CREATE TABLE family (
      identity TEXT NOT NULL, id TEXT NOT NULL, generation INTEGER NOT NULL, serial TEXT NOT NULL, parent TEXT NOT NULL,
      key TEXT NOT NULL, certificate TEXT NOT NULL, issued_ns INTEGER NOT NULL, issued_to TEXT NOT NULL,
      ends_ns INTEGER NOT NULL, used_ns INTEGER NOT NULL, used_from TEXT NOT NULL,
      PRIMARY KEY (identity, id)
    ) STRICT
    """,
    "CREATE INDEX family_ends ON family (ends_ns)",
    # Identities that nobody logs in as until somebody has looked (identity enable).
    "CREATE TABLE identity_lock (identity TEXT PRIMARY KEY, at_ns INTEGER NOT NULL, reason TEXT NOT NULL) STRICT",
)

# store.enrolments.Enrolment: tokens that buy a first certificate, once.
_ENROLMENT = """
CREATE TABLE enrolment (
  digest TEXT PRIMARY KEY, identity TEXT NOT NULL, created_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL,
  redeemed_ns INTEGER NOT NULL, key TEXT NOT NULL
) STRICT
"""
_LEASES = (
    # A projection of the events: one row a lease of ``credentials:`` (model.lease.Lease); NULL: it may still be there.
    """
    CREATE TABLE lease (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, provider TEXT NOT NULL, subject TEXT NOT NULL, template TEXT NOT NULL,
      session TEXT NOT NULL, connection TEXT NOT NULL, decision TEXT NOT NULL, identity TEXT NOT NULL,
      target TEXT NOT NULL, issued_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL, revoked_ns INTEGER
    ) STRICT
    """,
    "CREATE INDEX lease_live ON lease (id) WHERE revoked_ns IS NULL",
)
