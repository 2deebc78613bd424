"""The exchange itself; that real servers take it, and its bindings, is shown by ``test_backend``."""

import struct

import pytest
from scramp import ScramMechanism

from jumphost.credential.delivery.scram import ScramLogin
from jumphost.secret import Secret

PASSWORD = "between-gateway-and-server"


def question(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("!i", kind) + data


class Server:
    """The other side, by the same library's server."""

    def __init__(self, password: str = PASSWORD) -> None:
        mechanism = ScramMechanism("SCRAM-SHA-256")
        known = mechanism.make_auth_info(password, 4096)
        self._talk = mechanism.make_server(lambda _: known)

    def first(self, answer: bytes) -> bytes:
        assert answer[5:].startswith(b"SCRAM-SHA-256\0")
        self._talk.set_client_first(answer[5:].split(b"\0", 1)[1][4:].decode())
        return question(11, self._talk.get_server_first().encode())

    def final(self, answer: bytes) -> bytes:
        self._talk.set_client_final(answer[5:].decode())
        return question(12, self._talk.get_server_final().encode())


@pytest.fixture
def login() -> ScramLogin:
    return ScramLogin("lease_1", Secret(PASSWORD.encode()), None)


def step(login: ScramLogin, body: bytes) -> bytes:
    answer = login.step(body)
    assert answer is not None
    assert PASSWORD.encode() not in answer
    return answer


def test_both_sides_prove_it(login: ScramLogin) -> None:
    server = Server()
    first = server.first(step(login, question(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")))
    final = server.final(step(login, first))
    assert login.step(final) == b""
    assert login.step(question(0)) is None


def test_a_server_that_does_not_know_the_password(login: ScramLogin) -> None:
    server = Server()
    step(login, server.first(step(login, question(10, b"SCRAM-SHA-256\0\0"))))
    with pytest.raises(ValueError, match="went wrong"):
        login.step(question(12, b"v=" + b"A" * 43 + b"="))


@pytest.mark.parametrize("kind", [0, 2, 3, 5, 6, 7, 8, 9, 11, 12, 99])
def test_no_other_way_to_log_in(login: ScramLogin, kind: int) -> None:
    """Let in at once, the password in the clear, its MD5, GSSAPI, SSPI, and SCRAM that does not begin at its start."""
    with pytest.raises(ValueError, match=f"of kind {kind}, expected SCRAM"):
        login.step(question(kind, b"salt"))


def test_let_in_before_the_server_proved_itself(login: ScramLogin) -> None:
    server = Server()
    step(login, server.first(step(login, question(10, b"SCRAM-SHA-256\0\0"))))
    with pytest.raises(ValueError, match="of kind 0"):
        login.step(question(0))


def test_it_does_not_begin_twice(login: ScramLogin) -> None:
    step(login, question(10, b"SCRAM-SHA-256\0\0"))
    with pytest.raises(ValueError, match="of kind 10"):
        login.step(question(10, b"SCRAM-SHA-256\0\0"))


@pytest.mark.parametrize("offered", [b"", b"SCRAM-SHA-1\0\0", b"PLAIN\0\0", b"SCRAM-SHA-256-PLUS\0\0"])
def test_no_mechanism_that_we_know(login: ScramLogin, offered: bytes) -> None:
    with pytest.raises(ValueError, match="offers no SCRAM-SHA-256"):
        login.step(question(10, offered))


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"r=other,s=QSXCR+Q6sek8bf92,i=4096", b"r=,s=,i=", b"e=other-error", b"m=x"],
)
def test_answers_that_are_none(login: ScramLogin, data: bytes) -> None:
    step(login, question(10, b"SCRAM-SHA-256\0\0"))
    with pytest.raises(ValueError, match="went wrong"):
        login.step(question(11, data))


def test_hashing_without_end_is_refused(login: ScramLogin) -> None:
    nonce = step(login, question(10, b"SCRAM-SHA-256\0\0")).split(b"r=")[1]
    with pytest.raises(ValueError, match="went wrong"):
        login.step(question(11, b"r=" + nonce + b"more,s=QSXCR+Q6sek8bf92aaaa,i=2000000000"))
