"""Plans: strict, with all problems at once and no secret in any; and what they make."""

import pytest

from jumphost.masking.base import MaskError
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.engine import Name
from jumphost.masking.observed import Observed
from jumphost.masking.plan import Plan, PlanError, open_masker, read

TEXT = b"4111 1111 1111 1111 ada@example.com password=Hunter22\n"


def masked(plan: dict[str, object], text: bytes = TEXT, engine: Name = "hyperscan") -> bytes:
    one = open_masker(plan, key=b"k" * 32, engine=engine)
    return one.feed(text) + one.close()


def test_an_empty_plan_masks_nothing() -> None:
    assert masked({}) == TEXT


@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
def test_all_detectors_or_some(engine: Name) -> None:
    assert (
        masked({"detectors": {"*": "redact"}}, engine=engine)
        == b"**** **** **** **** *************** password=********\n"
    )
    assert masked({"detectors": {"email": "label"}}) == b"4111 1111 1111 1111 [MASKED:EMAIL] password=Hunter22\n"


def test_a_name_goes_before_all() -> None:
    plan = {"detectors": {"*": "redact", "credit_card": "partial"}}
    assert masked(plan).startswith(b"**** **** **** 1111 ***")


def test_every_detector_may_be_named() -> None:
    for name, detector in DETECTORS.items():
        assert (
            masked({"detectors": {name: "label"}}, detector.examples[0] + b"\n").count(
                f"[MASKED:{name.upper()}]".encode()
            )
            == 1
        )


def test_titles_are_masked_too() -> None:
    titles = b"\x1b]0;ada@example.com\x07x\x1b]0;-----BEGIN PRIVATE KEY-----\x07y\x1b]2;MIIB\x07"
    stars = b"\x1b]0;***************\x07x\x1b]0;********** ******* ********\x07y\x1b]2;MIIB\x07"
    assert masked({"detectors": {"email": "redact", "private_key": "label"}}, titles) == stars
    assert masked({"detectors": {"email": "redact"}, "mode": "detect"}, titles) == titles


def test_mode_detect_counts_and_lets_pass() -> None:
    one = open_masker({"detectors": {"*": "redact"}, "mode": "detect"})
    assert isinstance(one, Observed)
    assert one.feed(TEXT) + one.close() == TEXT
    assert {row.action for row in one.counts.rows()} == {"detected"}
    assert len(one.counts.rows()) == 3


def test_a_key_decides_pseudonyms() -> None:
    plan = {"detectors": {"email": "pseudonym"}}
    ones = [open_masker(plan, key=key) for key in (b"a" * 32, b"a" * 32, None, None)]
    outputs = [one.feed(TEXT) for one in ones]
    assert outputs[0] == outputs[1]
    assert len(set(outputs)) == 3


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        read({
            "detectors": {"credit_cart": "redact", "email": "stars", 3: "redact"},
            "columns": ["ssn"],
            "secrets": [b"short", "planted-text", b"long enough"],
            "mode": "loud",
            "more": 1,
        })  # fmt: skip
    problems = caught.value.problems
    assert [problem.partition(":")[0] for problem in problems] == [
        "more", "detectors.email", "detectors", "detectors.credit_cart", "columns", "secrets[0]", "secrets[1]", "mode",
    ]  # fmt: skip
    assert "planted" not in str(caught.value)
    assert "short" not in str(caught.value)


@pytest.mark.parametrize(("plan", "problem"), [
    ({"detectors": None}, "detectors: got NoneType"),
    ({"columns": {"": "redact"}}, "columns: got ''"),
    ({"columns": {"ssn": "star"}}, "columns.ssn: got 'star'"),
    ({"secrets": b"planted-bytes"}, "secrets: got bytes"),
    ({"mode": None}, "mode: got None"),
])  # fmt: skip
def test_a_wrong_plan_is_refused(plan: dict[str, object], problem: str) -> None:
    with pytest.raises(PlanError, match=problem.replace("(", "\\(")) as caught:
        open_masker(plan)
    assert len(caught.value.problems) == 1
    assert "planted" not in str(caught.value)


def test_a_plan_shows_no_secret() -> None:
    plan = read({"secrets": [b"planted-secret"], "columns": {"ssn": "redact"}})
    assert plan == Plan({}, {"ssn": "redact"}, (b"planted-secret",), "enforce")
    assert "planted" not in repr(plan)


def test_secrets_and_columns_with_the_rest() -> None:
    plan = {"detectors": {"email": "label"}, "columns": {"ssn": "partial"}, "secrets": [b"secret-of-the-session"]}
    text = b"ssn|mail|x\n12345678901234567890|ada@example.com|secret-of-the-session\n"
    assert masked(plan, text) == b"ssn|mail|x\n****************7890|[MASKED:EMAIL]|*********************\n"
    assert masked({**plan, "mode": "detect"}, text) == text.replace(b"secret-of-the-session", b"*" * 21)


def test_a_secret_that_cannot_be_looked_for_is_no_masker() -> None:
    with pytest.raises(MaskError, match="without line breaks"):
        open_masker({"secrets": [b"\n\n\n\nabcd"]})
