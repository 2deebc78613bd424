"""An event as the exact bytes that are stored."""

import json

import pytest

from jumphost.model.event import Event, Kind, encode

EVENT = Event(Kind.COMMAND_EXIT, 1_795_312_800_123_456_789, "s", "c", "d", "i", "t", {"status": 0, "a": ["\u00e9"]})


def test_the_bytes_are_compact_sorted_and_the_same_each_time() -> None:
    assert (
        encode(EVENT, log="gw", index=7)
        == (
            '{"a":["\u00e9"],"at":"2026-11-22T02:00:00.123Z","connection":"c","decision":"d","identity":"i","idx":7,'
            '"kind":"command.exit","log":"gw","session":"s","status":0,"target":"t","v":1}'
        ).encode()
    )


def test_every_fixed_field_is_there_even_if_empty() -> None:
    line = json.loads(encode(Event(Kind.SYSTEM_START, 0), log="gw", index=0))
    assert set(line) == {"v", "log", "idx", "at", "kind", "session", "connection", "decision", "identity", "target"}


@pytest.mark.parametrize(
    "name", ["v", "log", "idx", "at", "kind", "session", "connection", "decision", "identity", "target"]
)
def test_data_cannot_take_the_place_of_a_fixed_field(name: str) -> None:
    with pytest.raises(ValueError, match=rf"got the fixed names \['{name}'\] in the data of auth.ok"):
        encode(Event(Kind.AUTH_OK, 0, data={name: "forged", "other": 1}), log="gw", index=0)


def test_a_line_is_one_line() -> None:
    assert b"\n" not in encode(Event(Kind.AUTH_OK, 0, identity="a\nb", data={"x\n": "\r\n"}), log="g\nw", index=0)


def test_the_kinds_are_those_of_the_contract() -> None:
    contract = """auth.ok auth.refused session.open session.close command.request command.decision command.alert
        command.start command.exit command.cut command.stop request.refused target.scan hold.open hold.detach
        hold.withdraw hold.approve hold.reject hold.expire hold.consume credential.issue credential.use
        credential.revoke mask.count mask.echo recording.open recording.progress recording.seal recording.recovered
        policy.load policy.rejected config.change identity.disable identity.enroll identity.lock
        identity.unlock ca.change cert.issue cert.refused cert.revoke view.replay system.start system.stop"""
    assert [kind.value for kind in Kind] == contract.split()
