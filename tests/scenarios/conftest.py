"""A running site with a policy for trying things out: group deploy may run ``sh`` on batch-host, and the purpose of a
request says what it owes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

LAB = """
_applies if {
	"deploy" in input.identity.groups
	input.target.labels.env == "dev"
	command.only_runs(input.command, {"sh"})
	command.plain(input.command)
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


@pytest.fixture(scope="session")
def lab() -> Iterator[LiveSite]:
    """The site; tests leave it as they found it."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as site:
        site.write_rule("lab", "sh", LAB)
        site.write_settings(environment={"accept": ["LANG"]}, hold={"status_interval": 1})
        site.start()
        yield site


@pytest.fixture(scope="session")
def deploy(lab: LiveSite) -> Path:
    """A login as deploy-bot."""
    return lab.key("deploy-bot", "--ttl", "15m")


@pytest.fixture
def mark() -> Iterator[Path]:
    """A file that commands on the target may write, and that is not there yet."""
    with open_folder() as folder:
        folder.chmod(0o777)
        yield folder / "mark"
