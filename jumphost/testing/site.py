"""A whole site that runs: gateway and signer as processes of their own, in front of a throw-away target.

Its callers are stock ``ssh``; its operators use the command line. What a test asks of it, it asks as a user would.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from jumphost.config.create import write_key_pair
from jumphost.config.site import Site
from jumphost.model.target import Mode, Target
from jumphost.testing.sshd import find_sshd, may_have_logins, sshd
from jumphost.testing.target import spawned

READY_S = 60.0
OPTIONS = ("-F", "none", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes")


@dataclass(slots=True)
class LiveSite:
    """A site in ``root`` and the gateway that serves it, where one runs."""

    root: Path
    target: Target
    settings: Mapping[str, Any] = field(default_factory=dict)
    port: int = 0
    ready: Mapping[str, Any] = field(default_factory=dict)  # its ready line
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def site(self) -> Site:
        """Its paths."""
        return Site(self.root)

    def cli(self, *words: str, check: bool = True, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Runs the command line on this site."""
        done = subprocess.run(
            [sys.executable, "-m", "jumphost", *words],
            env={**os.environ, "JUMPHOST_SITE": str(self.root), "NO_COLOR": "1", "COLUMNS": "200"},
            input=stdin,
            text=True,
            capture_output=True,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"jumphost {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def json(self, *words: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.cli(*words, "--json").stdout)

    def key(self, identity: str, *options: str) -> Path:
        """A fresh key with a certificate for the identity; what ``ssh -i`` takes."""
        folder = self.root.parent / "callers"
        folder.mkdir(exist_ok=True)
        key = folder / f"{identity}-{len(list(folder.iterdir()))}"
        write_key_pair(key, identity)
        self.cli("cert", "issue", "--identity", identity, *options, f"{key}.pub")
        return key

    def ssh_words(self, key: Path, where: str, *, env: Mapping[str, str] | None = None) -> list[str]:
        """The words of a stock ``ssh`` up to the command; ``where`` is TARGET or TARGET+LOGIN."""
        known = self.root / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.port} {(self.root / 'keys/host_key.pub').read_text()}")
        words = [*client(), "-i", str(key), "-p", str(self.port), "-o", f"UserKnownHostsFile={known}"]
        if env:
            pairs = " ".join(f'"{name}={value}"' for name, value in env.items())
            words += ["-o", f"SetEnv={pairs}"]
        return [*words, f"{where}@127.0.0.1"]

    def ssh(
        self, key: Path, where: str, command: str, *, env: Mapping[str, str] | None = None, stdin: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        """One command of a batch job, to its end."""
        return subprocess.run(
            [*self.ssh_words(key, where, env=env), command], input=stdin, capture_output=True, timeout=90
        )

    def ssh_started(
        self, key: Path, where: str, command: str, *, env: Mapping[str, str] | None = None, stdin: int | None = None
    ) -> "subprocess.Popen[bytes]":
        """One command of a batch job that goes on in the background; ``stdin`` as ``subprocess`` has it, else none."""
        pipe, source = subprocess.PIPE, subprocess.DEVNULL if stdin is None else stdin
        return subprocess.Popen([*self.ssh_words(key, where, env=env), command], stdin=source, stdout=pipe, stderr=pipe)

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """The journal's events of these kinds, oldest first."""
        lines = self.cli("audit", "tail", "--json", "--lines", "100000").stdout.splitlines()
        return [event for line in lines if (event := json.loads(line))["kind"] in kinds]

    def wait_for(self, what: str, found: Any, *, seconds: float = 30.0) -> Any:
        """What ``found()`` returns once it is true; AssertionError if it never is."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if value := found():
                return value
            time.sleep(0.05)
        raise AssertionError(f"{what} did not happen within {seconds} s")

    def hold(self) -> dict[str, Any]:
        """The one hold that is pending, once there is one."""
        found: dict[str, Any] = self.wait_for(
            "a hold", lambda: next((h for h in self.json("approval", "list") if h["state"] == "pending"), None)
        )
        return found

    def answer(self, verdict: str, hold: str, approver: str, *options: str, check: bool = True) -> Any:
        """An approver of the example answers a hold."""
        key = self.root / "example" / approver
        return self.cli("approval", verdict, hold, "--as", approver, "--key", str(key), *options, check=check)

    def write_settings(self, **changes: Any) -> None:
        """Changes ``jumphost.yaml``; for the next start."""
        path = self.root / "jumphost.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))

    def write_targets(self, targets: Sequence[Target]) -> None:
        """Replaces ``targets.yaml``."""
        entries = {
            target.name: {
                "host": target.host,
                "port": target.port,
                "logins": list(target.logins),
                "labels": dict(target.labels),
                "host_keys": list(target.host_keys),
            }
            for target in targets
        }
        (self.root / "targets.yaml").write_text(yaml.safe_dump(entries))

    def set_mode(self, target: str, mode: Mode) -> None:
        """Changes the mode of a target; for the next start."""
        path = self.root / "targets.yaml"
        entries = yaml.safe_load(path.read_text())
        entries[target]["mode"] = mode
        path.write_text(yaml.safe_dump(entries))

    def write_rule(self, owner: str, rule: str, body: str) -> None:
        """Adds a rule to the bundle; ``body`` comes after package and imports."""
        folder = self.root / "policies/rules" / owner / rule
        folder.mkdir(parents=True, exist_ok=True)
        head = f"package policies.rules.{owner}.{rule}\n\nimport rego.v1\nimport future.keywords.not\n"
        imports = "import data.jumphost.command\nimport data.jumphost.result\n\n"
        (folder / f"{rule}.rego").write_text(head + imports + body)

    def start(self, *words: str) -> None:
        """Serves the site, by other words of Python's than those of the product if some are given.

        AssertionError with what it said if it does not come up.
        """
        log = (self.root / "gateway.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *(words or ("-m", "jumphost", "serve")), "--site", str(self.root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the gateway did not start:\n{(self.root / 'gateway.log').read_text()}")
        self.ready = json.loads(line)
        self.port = int(self.ready["ssh"].rpartition(":")[2])

    def killed(self) -> int:
        """The status of a gateway that ended by itself."""
        assert self.process is not None
        status = self.process.wait(timeout=READY_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        return status

    def stop(self) -> int:
        """Ends the gateway in order and returns its status."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.killed()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that every login may look into, as a server's files must be."""
    with tempfile.TemporaryDirectory(prefix="jumphost-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def live_site(
    folder: Path,
    *,
    logins: tuple[str, ...] = ("batch", "app", "postgres"),
    unmanaged: tuple[str, ...] = (),
    serve: bool = True,
    sockets: bool = False,
) -> Iterator[LiveSite]:
    """A site made by ``init --example`` whose targets are one throw-away server; served unless told otherwise.

    ``folder`` is an ``open_folder``. Where servers can have logins of their own, they also have the ``unmanaged`` ones,
    which no one enrolled. ``sockets``: enrolled for credentials by proxy. The server is an sshd where there is one,
    else ``testing.target``.
    """
    root = folder / "site"
    subprocess.run(
        [sys.executable, "-m", "jumphost", "init", str(root), "--example", "--listen", "127.0.0.1:0"],
        check=True,
        capture_output=True,
    )
    target_ca = (root / "keys/target_ca.pub").read_text()
    with ExitStack() as stack:
        place = folder / "target"
        place.mkdir()
        names = ("batch-host", "payments-db")
        servers = {
            name: stack.enter_context(_target(place / name, name, logins, unmanaged, target_ca, sockets))
            for name in names
        }
        targets = [
            _labelled(servers["batch-host"], {"env": "dev"}),
            _labelled(servers["payments-db"], {"env": "prod", "data": "payments"}),
        ]
        live = LiveSite(root, targets[1])
        live.write_targets(targets)
        try:
            if serve:
                live.start()
            yield live
        finally:
            live.stop()


@contextmanager
def _target(
    folder: Path, name: str, logins: tuple[str, ...], unmanaged: tuple[str, ...], target_ca: str, sockets: bool
) -> Iterator[Target]:
    folder.mkdir(mode=0o755)
    user = _user()
    if find_sshd() and user:
        made = dict.fromkeys(logins, "/bin/sh") if may_have_logins() else (user,)
        others = dict.fromkeys(unmanaged, "/bin/sh")
        with sshd(folder, name=name, logins=made, unmanaged=others, target_ca=target_ca, sockets=sockets) as server:
            yield server.target
    else:
        with spawned(folder, name=name, logins=logins, target_ca=target_ca) as target:
            yield target


def _labelled(target: Target, labels: dict[str, str]) -> Target:
    return replace(target, labels=labels)


def has_ssh() -> bool:
    """Whether a stock client is installed, and knows who we are: OpenSSH serves nobody who is not in passwd."""
    return shutil.which("ssh") is not None and _user() is not None


def _user() -> str | None:
    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return None


def client() -> list[str]:
    """The words that start a client: stock ``ssh``, or ``testing.client`` where there is none."""
    return ["ssh", *OPTIONS] if has_ssh() else [sys.executable, "-m", "jumphost.testing.client", *OPTIONS]
