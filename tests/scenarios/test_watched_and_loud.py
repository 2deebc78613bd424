"""A rule that is only watched lets by and is journalled; one that breaks the glass is told at once."""

from collections.abc import Iterator

import pytest

from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

WATCHED = "security.secret_files.named"


@pytest.fixture(scope="module")
def site() -> Iterator[LiveSite]:
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as made:
        made.write_settings(policy={"deadline_ms": 5000})
        (made.root / "policies/data/observe/data.yaml").write_text(f"rules: [{WATCHED}]\n")
        made.start()
        yield made


def test_what_a_watched_rule_would_deny_runs_and_is_journalled(site: LiveSite) -> None:
    done = site.ssh(site.key("batch-reader"), "batch-host", "echo /etc/shadow")
    assert (done.returncode, done.stdout) == (0, b"/etc/shadow\n")
    said = site.events("command.decision")[-1]["rules"]
    assert {"id": WATCHED, "effect": "would_deny"} in said


def test_breaking_the_glass_needs_a_reason_and_is_told_before_it_runs(site: LiveSite) -> None:
    key = site.key("night-shift")
    assert site.ssh(key, "batch-host", "id -u").returncode == 77
    assert site.events("command.alert") == []
    done = site.ssh(key, "batch-host", "id -u", env={"JUMPHOST_PURPOSE": "INC-4711: the ledger hangs"})
    assert done.returncode == 0
    (told,) = site.events("command.alert")
    started = [event for event in site.events("command.start") if event["session"] == told["session"]]
    assert (told["code"], told["purpose"]) == ("security.break_glass.used", "INC-4711: the ledger hangs")
    assert told["idx"] < started[0]["idx"]
