"""A login to PostgreSQL by SCRAM, message by message: neither side ever sends the password. Pure but for the hashing.

A server that asks for anything else is refused: it would learn the password, or prove nothing of itself.
"""

import ssl
from typing import cast

from scramp import ScramClient, ScramException

from jumphost.credential.delivery import pgwire
from jumphost.secret import Secret


class ScramLogin:
    """Answers the server's questions; ``step`` may take milliseconds, and longer if the server wants that.

    ``tls`` binds the login to the server's certificate where the server offers that (RFC 5929 §4).
    """

    def __init__(self, user: str, password: Secret, tls: ssl.SSLObject | None) -> None:
        self._user, self._password, self._tls = user, password, tls
        self._client: ScramClient | None = None
        self._proven = False

    def step(self, body: bytes) -> bytes | None:
        """The answer to a question for a login: b"" if it needs none, None once the login is made.

        ValueError if the server asks for something else than SCRAM, or does not prove that it knows the password.
        """
        kind, data = pgwire.authentication(body)
        try:
            match kind:
                case pgwire.SASL if self._client is None:
                    return self._first(data)
                case pgwire.SASL_CONTINUE if self._client is not None:
                    self._client.set_server_first(data.decode())
                    return pgwire.sasl_response(self._client.get_client_final())
                case pgwire.SASL_FINAL if self._client is not None:
                    self._client.set_server_final(data.decode())
                    self._proven = True
                    return b""
                case pgwire.LOGGED_IN if self._proven:
                    return None
        except (ScramException, ValueError) as error:
            raise ValueError(f"got a login that went wrong, expected SCRAM: {error}") from None
        raise ValueError(f"got a question for a login of kind {kind}, expected SCRAM-SHA-256 from its start to its end")

    def _first(self, data: bytes) -> bytes:
        offered = pgwire.mechanisms(data)
        if self._tls is None:
            offered = tuple(name for name in offered if not name.endswith("-PLUS"))
        if not offered:
            raise ValueError("the server offers no SCRAM-SHA-256")
        binding = ("tls-server-end-point", self._tls) if self._tls is not None else None
        self._client = ScramClient(list(offered), self._user, self._password.reveal().decode(), binding)
        first = cast(str, self._client.get_client_first())
        return pgwire.sasl_initial(cast(str, self._client.mechanism_name), first)
