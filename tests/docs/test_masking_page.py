"""The tables of docs/masking.md name what there is: every detector and every strategy, in order."""

import re
from pathlib import Path

from jumphost.config.tree import Findings, parse
from jumphost.errors import Problem
from jumphost.masking.custom import VALIDATORS
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.plan import read
from jumphost.masking.strategies import STRICTEST
from jumphost.masking.stream import IDLE_S, MAX_HOLD_S
from jumphost.masking.values import MAX_WHOLE
from jumphost.policy import detectors

SOURCE = Path(detectors.__file__).read_text()
PAGE = (Path(__file__).parents[2] / "docs/masking.md").read_text()


def names(heading: str) -> list[str]:
    section = re.search(rf"^## {heading}$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    return re.findall(r"^\| `([^`]+)` \|", section[1], re.MULTILINE)


def test_every_detector_and_strategy() -> None:
    assert names("Detectors") == list(DETECTORS)
    assert names("Strategies") == list(STRICTEST)


def test_a_detector_of_your_own() -> None:
    assert tuple(names("Detectors of your own")) == detectors.KEYS
    text = re.search(r"^```yaml\n(staff_number:\n.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert text is not None
    problems: list[Problem] = []
    assert [*detectors.read(text[1].encode(), "page", problems)] == ["staff_number"]
    assert problems == []
    assert all(f"`{name}`" in PAGE for name in VALIDATORS)
    codes = {*re.findall(r"detector\.[a-z_]+", SOURCE)}
    assert len(codes) == 5
    assert all(f"`{code}`" in PAGE for code in codes)


def test_the_plan_is_one() -> None:
    text = re.search(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert text is not None
    node = parse(text[1].encode(), Findings("plan"))
    assert node is not None
    plan = node.plain()
    assert read({**plan, "secrets": [secret.encode() for secret in plan["secrets"]]}).mode == "enforce"


def test_the_figures_are_those_of_the_code() -> None:
    for figure in (f"{IDLE_S * 1000:.0f} ms", f"{MAX_HOLD_S:.0f} s more", f"{MAX_WHOLE} bytes"):
        assert figure in PAGE
