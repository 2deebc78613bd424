"""A secret in the text of a command that is denied stands in nothing that the gateway wrote."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jumphost.store.requests import Requests
from jumphost.testing.lab import RULE, STDIN_RULE
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

TOKEN = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
DENIES = """
deny contains verdict if {
	some text in [input.command, input.stdin.command]
	count(text.facts.secret_argv) > 0
	verdict := result.deny("lab.secret.text", "has a secret in its text")
}
"""


@pytest.fixture(scope="module")
def served() -> Iterator[LiveSite]:
    """A site that denies secrets in the text, and logs all that it can."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as site:
        site.write_rule("lab", "sh", RULE)
        site.write_rule("lab", "stdin", STDIN_RULE)
        site.write_rule("lab", "secret", DENIES)
        site.write_settings(log={"level": "debug", "format": "json"}, policy={"deadline_ms": 2000})
        site.start()
        yield site


def written(site: LiveSite) -> Iterator[bytes]:
    """All files of the site, and each document of its store, opened."""
    for path in site.root.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
    with closing(sqlite3.connect(site.site.requests_db)) as rows:
        names = [name for (name,) in rows.execute("SELECT id FROM request")]
    yield from asyncio.run(_documents(site.site.requests_db, site.site.keys / "requests_key", names))


async def _documents(path: Path, key: Path, names: list[str]) -> list[bytes]:
    requests = Requests.open(path, key_file=key)
    try:
        return [document for name in names if (document := await requests.get(name)) is not None]
    finally:
        await requests.close()


@pytest.mark.parametrize(
    ("command", "script"),
    [
        (f"sh -c 'login {TOKEN}'", b""),
        (f"sh -c 'for x in {TOKEN}; do login $x; done' $HOME", b""),
        ("sh -s", f"login {TOKEN}\n".encode()),
    ],
)
def test_denied_it_is_stored_nowhere(served: LiveSite, command: str, script: bytes) -> None:
    key = served.key("deploy-bot")
    done = served.ssh(key, "batch-host", command, env={"JUMPHOST_PURPOSE": "judge"}, stdin=script)
    assert done.returncode == 77
    assert done.stderr.startswith(b"jumphost: denied lab.secret.text: ")
    assert TOKEN.encode() not in done.stderr
    decided = served.events("command.decision")[-1]
    assert (decided["command"], len(decided["request_digest"])) in (("", 64), ("'sh' -s", 64))
    served.stop()
    try:
        assert not any(TOKEN.encode() in place for place in written(served))
    finally:
        served.start()
