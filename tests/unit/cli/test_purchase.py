"""The client's side of the exchange."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jumphost.cli import purchase
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.secret import Secret
from jumphost.testing.signing import new_public_line

KEY = Ed25519PrivateKey.generate()


@contextmanager
def answering(*answers: tuple[int, object]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers in turn, and what it was asked: path and authorization."""
    asked: list[str] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(f"{self.path} {self.headers.get('Authorization', '')}")
            status, said = left.pop(0)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


async def test_the_token_of_a_job_of_github() -> None:
    with answering((200, {"value": "t0ken", "count": 5})) as (url, asked):
        got = await purchase.github_token(f"{url}/idtoken?api-version=2.0", Secret(b"asks"), "a b&c")
    assert got.reveal() == b"t0ken"
    assert asked == ["/idtoken?api-version=2.0&audience=a%20b%26c bearer asks"]


@pytest.mark.parametrize(
    ("answers", "kind", "code"),
    [
        ([(503, {"error": "signer.unavailable", "message": "m", "decision": "d"})], Unavailable, "signer.unavailable"),
        ([(429, {"error": "limit.requests", "message": "m"})], Refused, "limit.requests"),
        ([(401, {"error": "of a later version", "message": "m"})], Refused, "request.invalid"),
        ([(500, {"error": "of a later version", "message": "m"})], Unavailable, "gateway.unavailable"),
        ([(200, {"nonsense": 1})], Unavailable, "gateway.unavailable"),
        ([(302, {})], Unavailable, "gateway.unavailable"),
        (
            [(200, {"nonce": "n"}), (200, {"certificate": "x", "expires": "", "identity": "i"})],
            Refused,
            "signature.invalid",
        ),
        (
            [(200, {"nonce": "n"}), (200, {"certificate": new_public_line(), "expires": "", "identity": "i"})],
            Refused,
            "signature.invalid",
        ),
    ],
)
async def test_what_is_no_sale(answers: list[tuple[int, object]], kind: type[JumphostError], code: str) -> None:
    with answering(*answers) as (url, _), pytest.raises(kind) as caught:
        await purchase.buy(url + "/", Secret(b"t0ken"), KEY)
    assert caught.value.code == Code(code)


def test_without_a_host_ca_there_is_no_known_hosts(tmp_path: Path) -> None:
    bought = purchase.Bought("cert", "soon", "job")
    assert purchase.keep(tmp_path / "id", bought) == (tmp_path / "id-cert.pub", None)
    assert (tmp_path / "id-cert.pub").read_text() == "cert job\n"
