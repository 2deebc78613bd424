"""The demo: it tells the story to its end, and says so when the story goes wrong."""

from pathlib import Path

import pytest

from jumphost.cli import demo, telling
from jumphost.testing.commands import run


def test_a_story_that_goes_wrong_ends_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_: demo.Story) -> None:
        telling.check(False, "got exit status 0, expected 77")  # noqa: FBT003

    monkeypatch.setattr(demo.Story, "tell", wrong)
    ran = run("demo")
    assert (ran.status, ran.out) == (1, "the demo did not go as it should: got exit status 0, expected 77\n")


@pytest.mark.long
def test_the_whole_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything it shows was checked by itself as it went; here only that it went, and left nothing behind."""
    folders: list[Path] = []
    began = demo.Story.__init__

    def begins(story: demo.Story, folder: Path) -> None:
        folders.append(folder)
        began(story, folder)

    monkeypatch.setattr(demo.Story, "__init__", begins)
    ran = run("demo")
    assert (ran.status, ran.err) == (0, "")
    for said in ("run by dora", "denied", "held", "approval", "order-service", "all stopped, nothing left behind"):
        assert said in ran.out
    assert not folders[0].exists()
