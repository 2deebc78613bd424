"""Who had which credential, of the events that say so."""

from typing import Any

from jumphost.audit.credential import Use, uses
from jumphost.model.event import Event, Kind, encode

LEASE = {"lease": "l", "name": "db", "provider": "postgres", "subject": "r", "template": "ro", "delivery": "proxy"}
CERT = {"lease": "c", "provider": "ssh-certificate", "subject": "app@db", "serial": "7", "purpose": "run"}


def body(kind: Kind, at_s: int, **data: Any) -> bytes:
    event = Event(kind, at_s * 10**9, "s", "conn", "d", "ci", "payments-db", data)
    return encode(event, log="gw", index=0)


def test_a_lease_from_its_issue_to_its_end() -> None:
    issued = body(Kind.CREDENTIAL_ISSUE, 1, **LEASE, expires_ns=61 * 10**9)
    ended = body(Kind.CREDENTIAL_REVOKE, 2, lease="l", reason="ended", left=False)
    assert uses([issued], [ended], {}) == [
        Use(
            lease="l",
            provider="postgres",
            subject="r",
            session="s",
            connection="conn",
            decision="d",
            identity="ci",
            target="payments-db",
            issued="1970-01-01T00:00:01.000Z",
            expires="1970-01-01T00:01:01.000Z",
            name="db",
            template="ro",
            delivery="proxy",
            revoked="1970-01-01T00:00:02.000Z",
            reason="ended",
        )
    ]


def test_an_end_that_failed_is_none_until_one_did_not() -> None:
    issued = body(Kind.CREDENTIAL_ISSUE, 1, **LEASE, expires_ns=0)
    left = body(Kind.CREDENTIAL_REVOKE, 2, lease="l", reason="ended", left=True)
    over = body(Kind.CREDENTIAL_REVOKE, 9, lease="l", reason="ended", left=False)
    other = body(Kind.CREDENTIAL_REVOKE, 3, lease="m", reason="ended", left=False)
    (use,) = uses([issued], [left, other], {})
    assert (use.revoked, use.left) == ("", True)
    (use,) = uses([issued], [left, over], {})
    assert (use.revoked, use.left) == ("1970-01-01T00:00:09.000Z", False)


def test_a_login_that_others_ran_on() -> None:
    run = body(Kind.CREDENTIAL_ISSUE, 1, **CERT, expires_ns=0)
    stop = body(Kind.CREDENTIAL_ISSUE, 1, **{**CERT, "purpose": "stop"}, expires_ns=0)
    shared = {"s": ("s2", "s3"), "x": ("s4",)}
    assert [use.shared for use in uses([run, stop], [], shared)] == [("s2", "s3"), ()]
