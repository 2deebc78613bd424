"""A running site for trying things out.

Group deploy may run ``sh`` and SCRIPT on batch-host, and the purpose of a request says what it owes; with the purpose
``judge`` it may run anything plain there, with standard input that is judged.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import yaml

from jumphost.config.create import write_key_pair
from jumphost.testing.site import OPTIONS, LiveSite, live_site, open_folder

SCRIPT = f"{gettempdir()}/jumphost-lab-{os.geteuid()}/run"  # runs its operand as sh -c does, but nobody can know
_RULE = """
_applies if {
	"deploy" in input.identity.groups
	input.target.labels.env == "dev"
	input.command.tier == "literal"
	every part in input.command.commands { _may(part) }
}

_may(part) if part.parent >= 0

_may(part) if {
	part.program in {"sh", "SCRIPT"}
	part.path in {"", "SCRIPT"}
	part.env == []
	part.redirects == []
}

_terms := {
	"": {},
	"stream": {"stdin": "stream"},
	"io": {"stdin": "stream", "record": "io"},
	"short": {"limits": {"timeout_s": 1}},
	"little": {"limits": {"output_bytes": 1000}},
	"cut": {"limits": {"on_expiry": "cut"}},
	"lang": {"env": ["LANG"]},
	"masked": {"mask": {"detectors": {"*": "redact"}}},
	"watched": {"mask": {"detectors": {"credit_card": "redact"}, "mode": "detect"}},
	"columns": {"mask": {"columns": {"ssn": "redact"}}},
	"lease": {"credential": {"name": "db", "ttl_s": 60}},
}

allow contains verdict if {
	_applies
	obligations := _terms[input.purpose]
	verdict := result.allow("lab.sh.run", "runs a script", obligations)
}

hold contains verdict if {
	_applies
	input.purpose == "held"
	verdict := result.hold("lab.sh.hold", "asks a dba", [{"groups": ["dba"], "count": 1, "ttl_s": 3600}], {})
}

hold contains verdict if {
	_applies
	input.purpose == "brief"
	verdict := result.hold("lab.sh.brief", "asks for two seconds", [{"groups": ["dba"], "count": 1, "ttl_s": 2}], {})
}

hold contains verdict if {
	_applies
	input.purpose == "dual"
	terms := [{"groups": ["dba"], "count": 1, "ttl_s": 3600}, {"groups": ["security"], "count": 1, "ttl_s": 3600}]
	verdict := result.hold("lab.sh.dual", "asks a dba and security", terms, {})
}
"""

RULE = _RULE.replace("SCRIPT", SCRIPT)
STDIN_RULE = """
_applies if {
	"deploy" in input.identity.groups
	input.target.labels.env == "dev"
	command.plain(input.command)
	startswith(input.purpose, "judge")
}

allow contains verdict if {
	_applies
	input.purpose == "judge"
	verdict := result.allow("lab.stdin.run", "reads what was judged", {"stdin": "judge"})
}

hold contains verdict if {
	_applies
	input.purpose == "judge held"
	terms := [{"groups": ["dba"], "count": 1, "ttl_s": 3600}]
	verdict := result.hold("lab.stdin.hold", "asks a dba", terms, {"stdin": "judge"})
}

deny contains verdict if {
	_applies
	command.runs(input.stdin.command, {"rm"})
	verdict := result.deny("lab.stdin.rm", "removes files")
}
"""

PLAIN = "plain"  # a login of the servers that has nothing to do with the gateway


@dataclass(frozen=True, slots=True)
class Plain:
    """The login past the gateway to the server behind batch-host; where ``may_have_logins``."""

    key: Path
    port: int

    @property
    def words(self) -> list[str]:
        """The words of a stock ``ssh`` up to the command."""
        known = ("-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no")
        return ["ssh", *OPTIONS, *known, "-i", str(self.key), "-p", str(self.port), f"{PLAIN}@127.0.0.1"]


def plain(site: LiveSite) -> Plain:
    """Gives that login a fresh key."""
    folder = site.root.parent
    line = write_key_pair(folder / PLAIN, PLAIN)
    ssh = folder / f"target/batch-host/home/{PLAIN}/.ssh"
    ssh.mkdir()
    (ssh / "authorized_keys").write_text(f"{line}\n")
    return Plain(folder / PLAIN, yaml.safe_load((site.root / "targets.yaml").read_text())["batch-host"]["port"])


@contextmanager
def master(words: Sequence[str]) -> Iterator[list[str]]:
    """Logs in once by the words of a stock ``ssh`` up to the command; yields those that run one on that connection."""
    with open_folder() as folder:
        shared = [*words[:-1], "-o", f"ControlPath={folder / 'master'}", words[-1]]
        nothing = subprocess.DEVNULL
        start = [shared[0], "-M", "-N", "-f", *shared[1:]]
        subprocess.run(start, check=True, stdin=nothing, stdout=nothing, stderr=nothing)
        try:
            yield shared
        finally:
            subprocess.run([shared[0], "-O", "exit", *shared[1:]], capture_output=True)


@contextmanager
def lab_site(settings: Mapping[str, Any] | None = None) -> Iterator[LiveSite]:
    """Serves the site, with further settings of ``jumphost.yaml``, until the block ends."""
    with open_folder() as folder, live_site(folder, unmanaged=(PLAIN,), serve=False) as site:
        write_script()
        site.write_rule("lab", "sh", RULE)
        site.write_rule("lab", "stdin", STDIN_RULE)
        patient = {"deadline_ms": 2000}  # a machine that runs tests is busy with much else
        site.write_settings(
            environment={"accept": ["LANG"]}, hold={"status_interval": 1}, policy=patient, **settings or {}
        )
        site.start()
        yield site


def write_script() -> None:
    """Makes SCRIPT."""
    path = Path(SCRIPT)
    path.parent.mkdir(mode=0o755, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")  # another worker may be running the one that is there
    fresh.write_text('#!/bin/sh\nexec /bin/sh -c "$@"\n')
    fresh.chmod(0o755)
    fresh.rename(path)
