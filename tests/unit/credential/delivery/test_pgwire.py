import struct

import pytest

from jumphost.credential.delivery import pgwire
from jumphost.credential.delivery.pgwire import Cancel, Encryption, Start

USER = b"user\0me\0"


def start(pairs: bytes = USER, minor: int = 0) -> bytes:
    return struct.pack("!HH", 3, minor) + pairs + b"\0"


def asked(pairs: bytes = USER, minor: int = 0) -> Start:
    found = pgwire.opening(start(pairs, minor))
    assert isinstance(found, Start)
    return found


class TestOpening:
    def test_questions_for_encryption(self) -> None:
        assert pgwire.opening(struct.pack("!i", 80877103)) == Encryption()
        assert pgwire.opening(struct.pack("!i", 80877104)) == Encryption()

    def test_a_cancel(self) -> None:
        assert pgwire.opening(struct.pack("!iii", 80877102, 7, 9)) == Cancel(struct.pack("!ii", 7, 9))

    def test_a_session(self) -> None:
        found = asked(USER + b"database\0\xff\0", minor=2)
        assert (found.minor, dict(found.parameters)) == (2, {b"user": b"me", b"database": b"\xff"})

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (struct.pack("!i", 80877103) + b"x", "of kind 80877103"),
            (struct.pack("!ii", 80877102, 7), "of kind 80877102"),
            (struct.pack("!HH", 2, 0) + USER + b"\0", "expected protocol 3"),
            (b"\x16\x03\x01\x02", "expected protocol 3"),
            (struct.pack("!HH", 3, 0), "do not end"),
            (struct.pack("!HH", 3, 0) + USER, "do not end"),
            (start() + b"more", "do not end"),
            (start(b"user\0"), "do not end"),
            (start(b"\0\0" + USER), "without a name"),
            (start(USER + USER), "twice"),
            (start(USER + b"USER\0x\0"), "twice"),
            (start(b"database\0x\0"), "no user"),
        ],
    )
    def test_what_is_malformed(self, body: bytes, says: str) -> None:
        with pytest.raises(ValueError, match=says):
            pgwire.opening(body)

    @pytest.mark.parametrize("size", [0, 7, 10_001, 0x16030102])
    def test_sizes_that_no_first_packet_has(self, size: int) -> None:
        with pytest.raises(ValueError, match=f"first packet of {size} bytes"):
            pgwire.start_size(size.to_bytes(4, "big"))

    def test_the_size_is_that_of_the_rest(self) -> None:
        assert pgwire.start_size((8).to_bytes(4, "big")) == 4


class TestSession:
    def sent(self, pairs: bytes) -> dict[bytes, bytes]:
        packet = pgwire.session(asked(pairs), user="lease_1", database="bank")
        assert int.from_bytes(packet[:4], "big") == len(packet)
        assert packet[4:8] == struct.pack("!HH", 3, 0)
        found = pgwire.opening(packet[4:])
        assert isinstance(found, Start)
        return dict(found.parameters)

    def test_user_and_database_are_the_lease_s(self) -> None:
        assert self.sent(b"user\0postgres\0database\0other\0") == {b"user": b"lease_1", b"database": b"bank"}

    def test_only_how_values_are_written_goes_on(self) -> None:
        harmless = b"application_name\0psql\0CLIENT_ENCODING\0UTF8\0datestyle\0ISO\0TimeZone\0UTC\0"
        others = (
            b"options\0-c role=postgres\0search_path\0evil\0role\0postgres\0session_authorization\0x\0_pq_.x\x001\0"
        )
        assert self.sent(USER + harmless + others) == {
            b"user": b"lease_1",
            b"database": b"bank",
            b"application_name": b"psql",
            b"client_encoding": b"UTF8",
            b"DateStyle": b"ISO",
            b"TimeZone": b"UTC",
        }

    @pytest.mark.parametrize("wish", [b"true", b"database", b"on", b"1", b"", b"x"])
    def test_replication_is_refused(self, wish: bytes) -> None:
        with pytest.raises(ValueError, match="replication"):
            self.sent(USER + b"replication\0" + wish + b"\0")

    def test_no_replication_is_an_ordinary_session(self) -> None:
        assert self.sent(USER + b"replication\0FALSE\0") == {b"user": b"lease_1", b"database": b"bank"}

    def test_a_lease_whose_names_would_end_early(self) -> None:
        with pytest.raises(ValueError, match="NUL"):
            pgwire.session(asked(), user="a\0b", database="bank")


class TestAnswers:
    def test_a_client_of_a_newer_protocol_is_told(self) -> None:
        assert pgwire.negotiated(asked()) == b""
        told = pgwire.negotiated(asked(USER + b"_pq_.x\x001\0", minor=2))
        assert told == b"v" + struct.pack("!IHHI", 19, 3, 0, 1) + b"_pq_.x\0"

    def test_a_refusal_has_its_fields(self) -> None:
        said = pgwire.failure("53300", "too many")
        assert said[:1] == b"E"
        assert said[5:].split(b"\0") == [b"SFATAL", b"VFATAL", b"C53300", b"Mjumphost: too many", b"", b""]

    def test_a_cancel_and_a_question_for_tls(self) -> None:
        assert pgwire.cancel(b"12345678") == struct.pack("!Ii", 16, 80877102) + b"12345678"
        assert pgwire.encryption() == struct.pack("!Ii", 8, 80877103)


class TestLogin:
    def test_what_the_server_wants(self) -> None:
        assert pgwire.authentication(struct.pack("!i", 10) + b"x") == (10, b"x")
        with pytest.raises(ValueError, match="of 3 bytes"):
            pgwire.authentication(b"\0\0\0")

    def test_mechanisms_that_we_know(self) -> None:
        assert pgwire.mechanisms(b"SCRAM-SHA-1\0SCRAM-SHA-256\0\0") == ("SCRAM-SHA-256",)
        assert pgwire.mechanisms(b"SCRAM-SHA-256\0SCRAM-SHA-256-PLUS\0\0") == ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")
        assert pgwire.mechanisms(b"") == ()

    @pytest.mark.parametrize("size", [3, 65_537, 0xFFFFFFFF])
    def test_messages_are_bounded(self, size: int) -> None:
        with pytest.raises(ValueError, match="before the server was ready"):
            pgwire.message_size(b"S" + size.to_bytes(4, "big"))

    def test_a_key_has_eight_bytes(self) -> None:
        assert pgwire.key(b"12345678") == b"12345678"
        with pytest.raises(ValueError, match="of 32 bytes"):
            pgwire.key(bytes(32))
