"""A web server as a witness: what did a command line really ask for?"""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jumphost.model.request import Http

_ESCAPE = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
ANSWER: Final = b"answered\n"
FILE: Final = "from-a-file"
STDIN: Final = "from-standard-input"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it was received; ``target`` is path and query, or the whole URL where a proxy was asked."""

    method: str
    target: str
    body: bytes

    @property
    def kind(self) -> str:
        """Where the body came from, as the document has it."""
        if FILE.encode() in self.body:
            return "file"
        return "stdin" if STDIN.encode() in self.body else "literal" if self.body else "none"


@dataclass(slots=True)
class Web:
    """Where it listens, and what it was asked since the last look."""

    address: str
    asked: list[Asked] = field(default_factory=list)

    def run(self, text: str, folder: Path) -> tuple[list[Asked], bytes]:
        """What the shell command ``text`` asks for, and what it prints; ``folder`` is its home and has a ``file``."""
        (folder / "file").write_text(FILE)
        self.asked.clear()
        done = subprocess.run(
            ["/bin/sh", "-c", text],
            input=STDIN.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
            timeout=60,
            check=False,
        )
        return list(self.asked), done.stdout


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def _any(self) -> None:
        body = self._chunked() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._counted()
        self.server.web.asked.append(Asked(self.command, self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(ANSWER)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._any
        raise AttributeError(name)

    def _counted(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunked(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the base class)
        """Nothing."""


class _Server(ThreadingHTTPServer):
    web: Web


@contextmanager
def web() -> Iterator[Web]:
    """A server on a free port of the loopback that answers everything with ANSWER."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.web = Web(f"127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.web
        finally:
            server.shutdown()
            thread.join()


def expected(entry: Http) -> tuple[str, str, str]:
    """Method, target and kind of body that the server must see, if the entry is true."""
    parts = urlsplit(entry.url if "://" in entry.url else f"http://{entry.url}")
    target = entry.path + (f"?{parts.query}" if parts.query else "")
    return entry.method, f"http://{parts.netloc}{target}" if entry.proxy else target, entry.body


def received(asked: Asked) -> tuple[str, str, str]:
    """The same of what it saw; escapes have capitals, which not all versions of curl write."""
    return asked.method, _ESCAPE.sub(lambda found: found[0].upper(), asked.target), asked.kind


def installed(program: str) -> bool:
    """Whether the client is there."""
    return shutil.which(program) is not None
