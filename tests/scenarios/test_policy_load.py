"""The bundle of a running gateway is changed: the next command is judged by it; a bad one changes nothing."""

import signal
from collections.abc import Iterator

import pytest

from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

HOSTNAME = """
allow contains verdict if {
	command.exactly(input.command, [["uname", "-s"]])
	verdict := result.allow("lab.more.kernel", "tells the kernel's name", {})
}
"""


@pytest.fixture
def site() -> Iterator[LiveSite]:
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as made:
        made.write_settings(policy={"engine": "embedded", "deadline_ms": 5000})
        made.start()
        yield made


def test_a_bundle_is_loaded_while_commands_run(site: LiveSite) -> None:
    key = site.key("backup-job")

    def kernel() -> tuple[int, bytes]:
        ran = site.ssh(key, "batch-host", "uname -s")
        return ran.returncode, ran.stdout

    assert kernel()[0] == 77
    site.write_rule("lab", "more", HOSTNAME)
    loaded = site.json("policy", "load")
    assert loaded["problems"] == []
    assert kernel() == (0, b"Linux\n")

    site.write_rule("lab", "more", HOSTNAME.replace("lab.more.kernel", "kernel"))
    refused = site.cli("policy", "load", check=False)
    assert refused.returncode == 1
    assert "(id.form)" in refused.stdout
    assert site.process is not None
    site.process.send_signal(signal.SIGHUP)
    site.wait_for("the second refusal", lambda: len(site.events("policy.rejected")) == 2)
    assert {event["by"] for event in site.events("policy.rejected")} == {"command", "signal"}
    assert kernel() == (0, b"Linux\n"), "the bundle in force stays"
    assert site.events("policy.load")[-1]["revision"] == loaded["loaded"]["revision"]
