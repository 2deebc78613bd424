"""Every detector finds its examples, leaves its near misses, and cannot be made to work more than in proportion."""

import inspect
import math
import re
import sys
from importlib import import_module
from re import _constants, _parser  # type: ignore[attr-defined]

import pytest

from jumphost.masking.base import Span
from jumphost.masking.detectors.base import CONTEXT, Detector, Hold
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.scanner import DetectorScanner

CONTRACT = (
    "credit_card iban us_ssn email phone aws_key gcp_key github_token gitlab_token slack_token stripe_key openai_key"
    " anthropic_key npm_token pypi_token jwt private_key password bearer"
)
EACH = pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)


def spans(detector: Detector, text: bytes) -> tuple[Span, ...]:
    return DetectorScanner([detector]).scan(text, 0, final=True).spans


def test_all_promised_are_there() -> None:
    assert set(CONTRACT.split()) <= set(DETECTORS)
    assert all(name == detector.name for name, detector in DETECTORS.items())


@EACH
def test_examples_are_found_whole(detector: Detector) -> None:
    assert len(detector.examples) >= 5
    for example in detector.examples:
        (span,) = spans(detector, example)
        assert span.name == detector.name
        assert span.rank == detector.rank


@EACH
def test_near_misses_are_left(detector: Detector) -> None:
    assert len(detector.near_misses) >= 5
    assert [miss for miss in detector.near_misses if spans(detector, miss)] == []


@EACH
@pytest.mark.parametrize("before", [rb"line\n", rb"{\"a\":\"x\t", b"q=%22", b"v%3D"])
def test_escapes_before_a_value_hide_nothing(detector: Detector, before: bytes) -> None:
    for example in detector.examples:
        assert spans(detector, before + example), example


@EACH
def test_a_trigger_alone_is_never_more_than_held(detector: Detector) -> None:
    for trigger in detector.triggers:
        text = b"".join(_any_byte(element) for element in trigger.elements)
        answer = detector.confirm(text, 0, bool(0))
        assert answer is None or (isinstance(answer, Hold) and 0 <= answer.start <= len(text)), trigger.text


@EACH
def test_its_patterns_take_time_in_proportion(detector: Detector) -> None:
    """Repeats give nothing back, or only few: no text makes a match try again and again."""
    module = import_module(f"jumphost.masking.detectors.{detector.name}")
    patterns = [value for value in vars(module).values() if isinstance(value, re.Pattern)]
    for pattern in patterns:
        assert _ways(_parser.parse(pattern.pattern, pattern.flags)) <= WAYS, pattern.pattern
    source = inspect.getsource(module)
    searched = re.findall(r"\.search\((.*?)\)$", source, re.MULTILINE)
    assert all(re.search(r"max\(0, at - |\Atext\Z", call) for call in searched), searched


WAYS = 512


def _ways(tree: object) -> float:
    """In how many ways a pattern may be tried at one place: repeats that give back multiply, possessive ones do not."""
    ways = 1.0
    for op, value in tree:  # type: ignore[attr-defined]
        if op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            least, most, body = value
            ways *= (most - least + 1 if most < _constants.MAXREPEAT else math.inf) * _ways(body) ** min(most, 8)
        elif op is _constants.POSSESSIVE_REPEAT:
            ways *= _ways(value[2])
        elif op is _constants.SUBPATTERN:
            ways *= _ways(value[3])
        elif op is _constants.BRANCH:
            ways *= sum(_ways(branch) for branch in value[1])
        elif op in (_constants.ASSERT, _constants.ASSERT_NOT):
            ways *= _ways(value[1])
    return ways


def test_a_pattern_that_tries_again_and_again_would_be_seen() -> None:
    for pattern in (rb"a*", rb"(?:a{0,3}b)*|x", rb"(?:a?b?){0,9}", rb"(?=a+)", rb"a{0,30}a{0,30}"):
        assert _ways(_parser.parse(pattern)) > WAYS
    for pattern in (rb"a*+", rb"(?:a{1,3}b)*+", rb"a{0,64}", rb"[0-9]{4}(?:x|y)"):
        assert _ways(_parser.parse(pattern)) <= WAYS


HOSTILE = [
    "a",
    "1",
    "a@a.",
    "@",
    "eyJ eyJ",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "password=",
    "password: ' ",
    "://a:",
    "://a:b@",
    "4111 1111 1111 1111 ",
    "4111-",
    "+1 2",
    "ssn ",
    "GB82 WEST ",
    "ghp_",
    "AKIA",
    "bearer ",
    "Authorization: Basic ",
    "a.a.",
    "(206)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_twice_the_bytes_are_twice_the_calls(text: str) -> None:
    once, twice = (_calls(text.encode() * (size // len(text))) for size in (8192, 16384))
    assert twice <= 2.2 * once + 200
    assert twice <= 40 * 16384


def _calls(data: bytes) -> int:
    """How many calls one scan makes."""
    scanner = DetectorScanner(list(DETECTORS.values()))
    count = 0

    def seen(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        scanner.scan(data, 0, final=False)
    finally:
        sys.setprofile(None)
    return count


def _any_byte(element: str) -> bytes:
    return next(bytes([byte]) for byte in range(127, 31, -1) if re.fullmatch(element.encode(), bytes([byte])))


def test_what_is_held_fits_what_is_kept() -> None:
    assert max(detector.limit for detector in DETECTORS.values()) <= CONTEXT
