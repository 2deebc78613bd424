import base64
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from jumphost.cli import audit as cli
from jumphost.clock import parse_rfc3339
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.gateway.maskers import mask_key
from jumphost.masking.blind import digests
from jumphost.model.event import Event, Kind, encode
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock
from jumphost.testing.commands import run
from jumphost.testing.policies import STAFF

TWO = parse_rfc3339("2026-11-22T02:00:00Z")
CI: dict[str, Any] = {"session": "s1", "connection": "c", "identity": "ci", "target": "payments-db"}
ROGUE: dict[str, Any] = {"session": "s2", "connection": "c", "identity": "rogue", "target": "payments-db"}
EVENTS = (
    Event(
        Kind.SESSION_OPEN, TWO, **CI,
        data={"login": "app", "issuer": "main", "serial": "7", "key_id": "ci", "source": "10.0.0.9"},
    ),
    Event(
        Kind.COMMAND_DECISION, TWO, decision="d1", **CI,
        data={"effect": "allow", "code": "a.b.c", "command": "psql -c '\x1b[31m'"},
    ),
    Event(Kind.COMMAND_START, TWO + 10**9, decision="d1", **CI, data={"recording": "2026/11/22/s1.cast"}),
    Event(Kind.COMMAND_EXIT, TWO + 3 * 10**9, decision="d1", **CI, data={"status": 0, "outcome": "exited"}),
    Event(Kind.SESSION_OPEN, TWO, **ROGUE),
    Event(Kind.COMMAND_DECISION, TWO, decision="d2", **ROGUE, data={"effect": "deny", "code": "policy.no_rule"}),
    Event(Kind.SESSION_CLOSE, TWO + 1, **ROGUE),
)  # fmt: skip

ANSWER = """\
payments-db from 2026-11-22T01:59:00.000Z to 2026-11-22T02:01:00.000Z: 1 ran

  session    s1
  identity   ci
  issuer     main
  serial     7
  key_id     ci
  source     10.0.0.9
  target     payments-db
  login      app
  command    psql -c '\\x1b[31m'
  decision   d1
  effect     allow
  rule       a.b.c
  start      2026-11-22T02:00:01.000Z
  end        2026-11-22T02:00:03.000Z
  result     exit 0
  status     0
  recording  {recordings}/2026/11/22/s1.cast
1 more did not run: add --attempts
"""


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site")
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    monkeypatch.setattr(cli, "SystemClock", lambda: ManualClock("2026-11-22T09:00:00Z"))
    store = Store.open(made.journal_db, log="gw")
    await store.write(None, *EVENTS)
    await store.close()
    return made


def test_who_ran_what_at_two(site: Site) -> None:
    ran = run("audit", "who", "--target", "payments-db", "--at", "02:00Z")
    assert (ran.status, ran.out, ran.err) == (0, ANSWER.format(recordings=site.recordings), "")


def test_who_as_json(site: Site) -> None:
    question = ("audit", "who", "--target", "payments-db", "--json")
    [answer] = run(*question, "--at", "02:00Z").json
    assert answer == {
        "session": "s1", "ran": True, "identity": "ci", "issuer": "main", "serial": "7", "key_id": "ci",
        "source": "10.0.0.9", "target": "payments-db", "login": "app", "command": "psql -c '\x1b[31m'",
        "decision": "d1", "effect": "allow", "rule": "a.b.c", "hold": "", "start": "2026-11-22T02:00:01.000Z",
        "end": "2026-11-22T02:00:03.000Z", "result": "exit 0", "status": 0,
        "recording": str(site.recordings / "2026/11/22/s1.cast"),
    }  # fmt: skip
    assert run(*question, "--at", "02:00Z", "--attempts").json[1]["rule"] == "policy.no_rule"
    assert run(*question, "--at", "2026-11-22T02:00:05Z", "--margin", 1).json == []
    assert len(run(*question, "--from", "23:00Z", "--to", "03:00Z").json) == 1
    assert len(run(*question, "--from", "2026-11-22T03:00:02+01:00").json) == 1


@pytest.mark.parametrize(
    "times",
    [
        (),
        ("--at", "02:00Z", "--from", "01:00Z"),
        ("--at", "02:00Z", "--to", "03:00Z"),
        ("--at", "two"),
        ("--to", "1:00Z"),
    ],
)
def test_a_time_that_says_nothing(site: Site, times: tuple[str, ...]) -> None:
    ran = run("audit", "who", "--target", "payments-db", *times)
    assert ran.status == 2
    assert ran.err.startswith("jumphost: got ")


def test_tail_is_one_line_an_event_and_escapes(site: Site) -> None:
    ran = run("audit", "tail", "-n", 6)
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert len(lines) == 6
    assert lines[0] == (
        "2026-11-22T02:00:00.000Z command.decision ci payments-db"
        " code=a.b.c command=psql -c '\\x1b[31m' decision=d1 effect=allow session=s1"
    )
    assert lines[2].endswith("outcome=exited session=s1 status=0")


async def test_tail_shows_the_beginning_of_what_is_nested(site: Site) -> None:
    store = Store.open(site.journal_db, log="gw")
    data = {"approval": {"signature": "x" * 500}, "command": "y" * 500}
    await store.write(None, Event(Kind.HOLD_APPROVE, TWO, data=data))
    await store.close()
    [line] = run("audit", "tail", "-n", 1).out.splitlines()
    assert line == f'2026-11-22T02:00:00.000Z hold.approve approval={{"signature":"{"x" * 66}… command={"y" * 500}'


def test_tail_as_json_is_the_exact_bytes(site: Site) -> None:
    ran = run("audit", "tail", "--json")
    assert ran.out.splitlines() == [encode(e, log="gw", index=i).decode() for i, e in enumerate(EVENTS)]
    assert run("audit", "tail", "-n", 0).out == ""


@pytest.mark.parametrize(("lines", "expected"), [(0, ["system.stop"]), (1, ["session.close", "system.stop"])])
async def test_following_goes_on_until_control_c(
    site: Site, monkeypatch: pytest.MonkeyPatch, lines: int, expected: list[str]
) -> None:
    store = Store.open(site.journal_db, log="gw")
    await store.write(None, Event(Kind.SYSTEM_STOP, TWO))
    await store.close()
    last = len(EVENTS)
    monkeypatch.setattr(cli.Questions, "tail", lambda self, count: self.after(last - count)[:count])

    def leave(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.time, "sleep", leave)
    ran = run("audit", "tail", "--follow", "--json", "-n", lines)
    assert ran.status == 0
    assert [msgspec.json.decode(line)["kind"] for line in ran.out.splitlines()] == expected


MASKED = Event(
    Kind.MASK_COUNT, TWO + 2 * 10**9, decision="d1", **CI,
    data={
        "detectors": ["credit_card", "email"], "engine": "re2",
        "streams": {"stdout": {"scanned": 90, "counts": [
            {"detector": "credit_card", "action": "masked", "count": 2, "bytes": 38, "distinct": 1, "shown": 3},
            {"detector": "held", "action": "masked", "count": 1, "bytes": 4, "distinct": 1, "shown": 0},
        ], "opaque": {"kind": "gzip", "bytes": 70}}},
    },
)  # fmt: skip
YES = """\
yes: ci, credit_card
  2 masked, 0 only counted, in 1 sessions
  first 2026-11-22T02:00:01.000Z in s1
  last  2026-11-22T02:00:01.000Z in s1
  3 bytes of values went out before they were known to be of one
  1 times something was starred before it was clear what it was
  looked at: 1 sessions, 90 bytes, by re2
  could not be looked into: 70 bytes
  not looked at: 0 sessions, 0 bytes of recordings
"""
NO = """\
no: ci, iban
  looked at: 0 sessions, 0 bytes
  not looked at: 1 sessions, 0 bytes of recordings
"""


async def test_ever(site: Site) -> None:
    store = Store.open(site.journal_db, log="gw")
    await store.write(None, MASKED)
    await store.close()
    question = ("audit", "ever", "--identity", "ci", "--detector")
    assert run(*question, "credit_card").out == YES
    assert run(*question, "iban").out == NO
    found = run(*question, "credit_card", "--since", "01:00Z", "--until", "03:00Z", "--json").json
    assert (found["found"], found["sessions"], found["unseen"]) == (True, ["s1"], {"sessions": 0, "bytes": 0})
    assert not run(*question, "credit_card", "--since", "2026-11-22T02:00:04Z", "--json").json["found"]
    assert not run(*question, "credit_card", "--until", "2026-11-22T01:00:00Z", "--json").json["found"]
    assert run(*question, "column:ssn", "--json").json["seen"] == 0


READ = """\
yes: anyone, this value
  2026-11-22T02:00:01.000Z ci on payments-db in s1
  looked at: 1 sessions, 0 of them with more values than are kept
  not looked at: 0 sessions
"""
NEVER = """\
no: ci, this value
  looked at: 1 sessions, 0 of them with more values than are kept
  not looked at: 0 sessions
"""


async def test_ever_of_one_value(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [digest] = digests(mask_key(site.keys / "requests_key"), b"4111111111111111", [])
    told = {"detectors": [], "streams": {"stdout": {"index": [digest.hex()], "full": False}}}
    store = Store.open(site.journal_db, log="gw")
    await store.write(None, replace(MASKED, data=told))
    await store.close()
    value = tmp_path / "value"
    value.write_text(" 4111-1111 1111 1111\n")
    assert run("audit", "ever", "--value-file", value).out == READ
    value.write_text("4111111111111112")
    assert run("audit", "ever", "--identity", "ci", "--value-file", value).out == NEVER
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"4111 1111 1111 1111\n")))
    found = run("audit", "ever", "--value-stdin", "--since", "2026-11-22T02:00:00Z", "--json").json
    assert (found["found"], [one["session"] for one in found["readings"]]) == (True, ["s1"])
    value.write_text("4111111111111111")
    (site.keys / "requests_key").write_bytes(base64.b64encode(b"k" * 32))
    assert not run("audit", "ever", "--value-file", value, "--json").json["found"]  # who has another key learns nothing


@pytest.mark.parametrize(
    "words", [(), ("--identity", "ci"), ("--detector", "iban"), ("--value-stdin", "--detector", "iban")]
)
def test_ever_of_no_question(site: Site, words: tuple[str, ...]) -> None:
    ran = run("audit", "ever", *words)
    assert (ran.status, ran.out) == (2, "")
    assert "got no question, expected --identity NAME --detector NAME, or --value-file" in ran.err


def test_ever_of_no_value(site: Site, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    ran = run("audit", "ever", "--value-file", tmp_path / "empty")
    assert (ran.status, "got an empty value" in ran.err) == (2, True)


def test_ever_of_a_detector_of_the_site(site: Site) -> None:
    folder = site.root / "policies" / "detectors"
    folder.mkdir(exist_ok=True)
    (folder / "staff.yaml").write_text(STAFF)
    assert run("audit", "ever", "--identity", "ci", "--detector", "staff", "--json").json["seen"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--detector", "credit_cards"), "got the detector 'credit_cards', expected column:GLOB or one of credit_card"),
        (("--detector", "iban", "--since", "yesterday"), "got 'yesterday', expected a time with its zone"),
        (("--detector", "iban", "--until", "02:00"), "got '02:00', expected a time with its zone"),
    ],
)
def test_ever_of_what_cannot_be_asked(site: Site, words: tuple[str, ...], said: str) -> None:
    ran = run("audit", "ever", "--identity", "ci", *words)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


LEASE = {"lease": "l1", "name": "payments-ro", "provider": "postgres", "subject": "r1\x1b", "template": "ro"}


@pytest.fixture
async def leased(tmp_path: Path) -> Site:
    site = create_site(tmp_path / "leased")
    store = Store.open(site.journal_db, log="gw")
    issued = Event(
        Kind.CREDENTIAL_ISSUE, TWO + 10**9, decision="d1", **CI, data={**LEASE, "expires_ns": TWO, "delivery": "proxy"}
    )
    ended = Event(Kind.CREDENTIAL_REVOKE, TWO + 4 * 10**9, **CI, data={**LEASE, "reason": "ended", "left": False})
    await store.write(None, *EVENTS, issued, ended)
    await store.close()
    return site


USED = """\
payments-ro: 1 issued

  lease       l1
  provider    postgres
  subject     r1\\x1b
  session     s1
  connection  c
  decision    d1
  identity    ci
  target      payments-db
  issued      2026-11-22T02:00:01.000Z
  expires     2026-11-22T02:00:00.000Z
  name        payments-ro
  template    ro
  delivery    proxy
  revoked     2026-11-22T02:00:04.000Z
  reason      ended
  ran  2026-11-22T02:00:01.000Z  s1  psql -c '\\x1b[31m'
"""


def test_which_process_had_a_credential(leased: Site) -> None:
    assert run("audit", "credential", "payments-ro", "--site", leased.root).out == USED
    (answer,) = run("audit", "credential", "r1\x1b", "--site", leased.root, "--json").json
    assert (answer["lease"], answer["left"], answer["ran"][0]["session"]) == ("l1", False, "s1")
    assert answer["ran"][0]["command"] == "psql -c '\x1b[31m'"


def test_a_credential_that_nobody_had(leased: Site) -> None:
    assert run("audit", "credential", "x\x1b", "--site", leased.root).out == "x\\x1b: 0 issued\n"
    late = ("--since", "2026-11-22T03:00:00Z", "--until", "2026-11-23T00:00:00Z")
    assert run("audit", "credential", "payments-ro", *late, "--site", leased.root, "--json").json == []
    wrong = run("audit", "credential", "payments-ro", "--since", "yesterday", "--site", leased.root)
    assert wrong.status == 2
