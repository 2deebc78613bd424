"""What all tests share: live sites, and what a missing server means."""

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import structlog

from jumphost.command import shfmt
from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

USUAL = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler, signal.SIGQUIT: signal.SIG_DFL}


def pytest_configure() -> None:
    """What tests start can be interrupted, also where the tests are a background job, whose signals are ignored."""
    for number, usual in USUAL.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Commands that a test runs in this process set up the log for themselves."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session", autouse=True)
def unhurried_parser() -> Iterator[None]:
    """Machines that run tests are busy: in this process the parser of texts has all the time that it wants."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shfmt, "DEADLINE_S", 30.0)
        yield


@pytest.fixture(scope="session")
def site() -> Iterator[LiveSite]:
    """One running site for all tests that leave it as they found it."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder) as live:
        yield live


@pytest.fixture(scope="session")
def lab() -> Iterator[LiveSite]:
    """A running lab for all tests that leave it as they found it."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        yield site


@pytest.fixture(scope="module")
def deploy(lab: LiveSite) -> Path:
    """A login to the lab as deploy-bot; its certificate outlives a module, not all of the tests."""
    return lab.key("deploy-bot", "--ttl", "15m")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a skip is a failure: the machine can have what the test wants, so its set-up is at fault."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where a skip is a failure: {report.longrepr}"
    return report
