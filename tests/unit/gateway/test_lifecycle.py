"""Every pair of stages: what a session may become, and nothing else."""

from itertools import product

import pytest

from jumphost.errors import Code, JumphostError
from jumphost.gateway.lifecycle import NEXT, Stage, step

STEPS = {
    "open": {"judged", "ended"},
    "judged": {"judged", "held", "committed", "ended"},
    "held": {"judged", "ended"},
    "committed": {"running", "ended"},
    "running": {"ended"},
    "ended": set(),
}


@pytest.mark.parametrize(("now", "to"), list(product(Stage, Stage)))
def test_every_pair(now: Stage, to: Stage) -> None:
    if to in STEPS[now]:
        assert step(now, to) is to
    else:
        with pytest.raises(JumphostError, match=f"a session that is {now} cannot become {to}") as caught:
            step(now, to)
        assert caught.value.code is Code.INTERNAL


def test_nothing_runs_that_was_not_judged_and_committed() -> None:
    assert [stage for stage, after in NEXT.items() if Stage.RUNNING in after] == [Stage.COMMITTED]
    assert [stage for stage, after in NEXT.items() if Stage.COMMITTED in after] == [Stage.JUDGED]
    assert set(NEXT) == set(Stage)
