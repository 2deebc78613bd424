"""Law 7: what is secret stands where it is kept, and in nothing that the product says, writes, starts or leaves."""

import base64
import json
import resource
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from jumphost.testing.canary import forms, holds, private
from jumphost.testing.lab import RULE
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

TEXT = "canary-in-the-text"  # of commands, of what they say, of what callers wish: for the trail, never for the log
RUNS = f"sh -c 'echo {TEXT}'"


@pytest.fixture(scope="module")
def served() -> Iterator[LiveSite]:
    """A site whose gateway tells us what it mints, and which logs all that it can."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as site:
        site.write_rule("lab", "sh", RULE)
        site.write_settings(
            log={"level": "debug", "format": "json"},
            status={"listen": "127.0.0.1:0"},
            environment={"accept": ["LANG"]},
            policy={"deadline_ms": 2000},
        )
        (folder / "minted").mkdir()
        site.start("-m", "jumphost.testing.canary", str(folder / "minted"))
        yield site


def kept(site: LiveSite) -> dict[Path, bytes]:
    """Each secret that lies in a file, by its file."""
    keys, signer, minted = site.root / "keys", site.root / "signer", site.root.parent / "minted"
    files = [signer / "caller_ca", signer / "target_ca", keys / "host_key", *minted.glob("minted-*")]
    return {path: private(path.read_bytes()) for path in files} | {
        keys / "requests_key": base64.b64decode((keys / "requests_key").read_bytes())
    }


@pytest.fixture(scope="module")
def seen(served: LiveSite) -> list[bytes]:
    """What callers saw of one of each end that a request can have."""
    site, seen = served, []
    key, stranger = site.key("deploy-bot"), site.key("backup-job")

    def run(command: str, *, key: Path = key, where: str = "batch-host", **env: str) -> bytes:
        wishes = {f"JUMPHOST_{name.upper()}" if name != "LANG" else name: value for name, value in env.items()}
        done = site.ssh(key, where, command, env=wishes)
        seen.extend((done.stdout, done.stderr))
        return done.stdout + done.stderr

    assert TEXT.encode() in run(RUNS)
    assert b"allowed" in run(RUNS, purpose="", dry_run="1")
    assert b"lab.sh.hold" in run(RUNS, purpose="held", wait="0")
    site.answer("approve", site.hold()["id"], "alice")
    assert TEXT.encode() in run(RUNS, purpose="held")
    assert b"limit.time" in run(f"sh -c 'echo {TEXT}; sleep 60'", purpose="short")
    assert b"policy.no_rule" in run(f"rm {TEXT}", LANG=TEXT)
    assert b"command.unparsed" in run(f"echo '{TEXT}")
    assert b"request.invalid" in run(RUNS, correlation=f"\t{TEXT}")
    assert b"target.unavailable" in run(RUNS, where=TEXT)
    assert b"Permission denied" in run(RUNS, key=site.root / "example/alice")
    assert b"denied" in run(RUNS, key=stranger)
    fault = site.root.parent / "minted/fault"
    fault.touch()
    assert b"internal" in run(RUNS)
    fault.unlink()
    return seen


def outlets(site: LiveSite) -> Iterator[tuple[str, bytes]]:
    """Everything that the site, its targets and its callers left on disk, and what it tells who asks."""
    for path in site.root.parent.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    status = json.loads((site.root / "run/ready.json").read_text())["status"]
    for page in ("/metrics", "/readyz"):
        with urllib.request.urlopen(status + page) as answer:
            yield page, answer.read()
    for words in (["audit", "tail", "--lines", "1000"], ["session", "list"], ["approval", "list"]):
        yield " ".join(words), site.cli(*words, "--json").stdout.encode()


def processes(site: LiveSite) -> Iterator[psutil.Process]:
    """The gateway and all that it started."""
    gateway = psutil.Process(json.loads((site.root / "run/ready.json").read_text())["pid"])
    yield gateway
    yield from gateway.children(recursive=True)


def test_secrets_stand_where_they_are_kept_and_nowhere_else(served: LiveSite, seen: list[bytes]) -> None:
    running = served.ssh_started(served.key("deploy-bot"), "batch-host", "sh -c 'echo begun; exec sleep 60'")
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    try:
        secrets = kept(served)
        assert len([path for path in secrets if path.name.startswith("minted-")]) >= 4, "run twice, stopped, faulted"
        for line in ("cmdline", "environ"):
            for path in Path("/proc").glob(f"[0-9]*/{line}"):
                said = _read(path)
                assert not any(holds(said, secret) for secret in secrets.values()), path
        places = [*outlets(served), *((f"caller {number}", said) for number, said in enumerate(seen))]
        found = {(name, str(path)) for name, said in places for path, secret in secrets.items() if holds(said, secret)}
        assert found == {(str(path), str(path)) for path in secrets}
    finally:
        running.kill()
        running.communicate()


@pytest.mark.usefixtures("seen")
def test_the_log_has_no_text_of_callers(served: LiveSite) -> None:
    log = (served.root / "gateway.log").read_text()
    assert TEXT not in log
    assert "sleep 60" not in log
    faults = [line for line in map(json.loads, log.splitlines()) if line["event"] == "session.fault"]
    assert faults
    assert all(line["exception"].endswith("ZeroDivisionError") for line in faults)


def test_no_process_of_ours_leaves_its_memory_behind(served: LiveSite) -> None:
    ours = list(processes(served))
    assert len(ours) >= 4, "the gateway, its signer, its workers"
    for process in ours:
        assert process.rlimit(resource.RLIMIT_CORE) == (0, 0), process.cmdline()


@pytest.mark.parametrize("hide", [bytes, bytes.hex, lambda secret: forms(b"xy" + secret)[-2].decode()])
def test_the_search_finds(hide: Callable[[bytes], bytes | str]) -> None:
    secret = bytes(range(200, 232))
    hidden = hide(secret)
    hidden = hidden if isinstance(hidden, bytes) else hidden.encode()
    assert holds(b"before" + hidden + b"after", secret)
    assert holds(b"before" + hidden[:9] + b"\n" + hidden[9:], secret)
    assert not holds(b"before" + hidden[:-2], secret)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile, or is another's
        return b""
