"""Whatever breaks within the masking: nothing goes out of what came then or after, and none of it is in the error."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from jumphost.masking import engine as engines
from jumphost.masking import strategies, validators
from jumphost.masking.ansi import Splitter
from jumphost.masking.base import MaskError
from jumphost.masking.counts import Counts
from jumphost.masking.plan import open_masker
from jumphost.masking.scanner import DetectorScanner
from jumphost.masking.values import Cluster

PLANTED = b"planted 4111 1111 1111 1111 ada@example.com "


def _fail(*args: object, **kwargs: object) -> Any:
    raise ValueError(f"got {PLANTED!r} and {args!r}")


@pytest.mark.parametrize("plan", [
    {"detectors": {"*": "redact"}}, {"detectors": {"*": "label"}}, {"detectors": {"*": "redact"}, "mode": "detect"},
])  # fmt: skip
@pytest.mark.parametrize(("where", "name"), [
    (engines._Hyperscan, "find"), (engines._Re2, "find"), (validators, "card"), (validators, "luhn"),
    (DetectorScanner, "scan"), (DetectorScanner, "forget"), (Splitter, "feed"), (Counts, "add"), (Counts, "digest"),
])  # fmt: skip
def test_nothing_goes_after_a_part_has_failed(
    plan: dict[str, Any], where: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    masker = open_masker(plan, engine="re2" if where is engines._Re2 else "hyperscan")
    before = masker.feed(b"fine " * 200 + b"\n")
    assert before == b"fine " * 200 + b"\n"
    monkeypatch.setattr(where, name, _fail)
    _faults(lambda: masker.feed(PLANTED * 20))
    monkeypatch.undo()
    for step in (lambda: masker.feed(PLANTED), masker.idle, masker.close):
        _faults(step)


@pytest.mark.parametrize(("where", "name"), [(strategies, "apply"), (strategies, "label"), (Cluster, "whole")])
def test_nothing_goes_when_a_value_cannot_be_masked(where: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    masker = open_masker({"detectors": {"*": "label"}})
    monkeypatch.setattr(where, name, _fail)
    _faults(lambda: masker.feed(PLANTED))
    monkeypatch.undo()
    _faults(masker.close)


def test_nothing_goes_when_who_hears_of_hits_fails() -> None:
    masker = open_masker({"detectors": {"*": "redact"}}, on_hit=_fail)
    _faults(lambda: masker.feed(PLANTED + b"\n"))
    _faults(masker.close)


def test_a_failure_of_the_scan_itself_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    masker = open_masker({"detectors": {"*": "redact"}})
    monkeypatch.setattr(engines, "hyperscan", None)

    class Raising(list[int]):
        """Lengths that cannot be read: the callback fails within the scan."""

        __getitem__ = _fail

    scanner: Any = masker._scanners[0]  # type: ignore[attr-defined]
    scanner._engine._lengths = Raising()
    _faults(lambda: masker.feed(PLANTED))


def _faults(step: Callable[[], bytes]) -> None:
    with pytest.raises(MaskError) as caught:
        step()
    shown = "".join(traceback.format_exception(caught.value))
    assert "planted" not in shown
    assert "4111" not in shown
