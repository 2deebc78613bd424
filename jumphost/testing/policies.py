"""Small bundles and submissions for tests of engines."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from jumphost.clock import parse_rfc3339
from jumphost.errors import Problem
from jumphost.model.identity import Identity
from jumphost.model.request import Source, TargetView
from jumphost.policy.base import Submission
from jumphost.policy.pool import Pool
from jumphost.policy.protocol import Bundle, Module

HEAD = "import rego.v1\nimport future.keywords.not\n\n"
STAFF = """
staff:
  summary: numbers of our staff
  pattern: EMP-[0-9]{4}
  length: 8
  trigger: EMP-
  strategy: label
  examples: [EMP-1234]
  near_misses: [EMP-12]
"""  # a detector of a site's own
NOON = parse_rfc3339("2026-11-22T12:00:00Z")


class Unreviewed(Pool):
    """A pool that takes any bundle, to show that what a review would refuse does no harm either."""

    async def _findings(self, bundle: Bundle) -> tuple[Problem, ...]:
        return ()


def rule(package: str, body: str) -> str:
    """The text of a module of the portable profile."""
    return f"package {package}\n\n{HEAD}{body}\n"


def main_only(body: str) -> Bundle:
    """A bundle without the library: ``body`` is all of ``jumphost.main``, to answer what no library would."""
    module = Module("main.rego", "jumphost.main", rule("jumphost.main", body))
    return Bundle(modules=(module,), revision="0" * 64)


def write_bundle(directory: Path, files: dict[str, str]) -> Path:
    """A site's bundle with these files (path → text) and a manifest, unless one is among them."""
    for name, text in {".manifest": '{"roots": ["policies"], "rego_version": 1}', **files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def submission(raw: bytes = b"uptime", **changes: Any) -> Submission:
    """A plain exec of ``order-service`` as ``app`` on ``payments-db``, with fields changed as given."""
    plain = Submission(
        id="019aa0c0-0000-7000-8000-000000000001",
        connection="019aa0c0-0000-7000-8000-000000000002",
        now_ns=NOON,
        identity=Identity(name="order-service", owner="payments-team", issuer="main", groups=("payments",)),
        source=Source(address="192.0.2.7", port=40_022),
        target=TargetView(name="payments-db", kind="ssh", login="app", labels={"env": "prod"}),
        operation="exec",
        raw=raw,
    )
    return replace(plain, **changes)
