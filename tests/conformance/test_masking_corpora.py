"""The corpora for masking: every value that is to be masked is, whole, and texts without one stay as they are."""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jumphost.masking.counts import Hit
from jumphost.masking.engine import Name
from jumphost.masking.plan import open_masker

CORPORA = Path(__file__).parents[1] / "corpora/masking"
RECALL = 0.99  # least share of values that are covered to the last byte, of people's and of secrets alike
CHANGED = 0.01  # greatest share of texts without a value that are changed
SEPARATORS = b" -\r\n"
PERSONAL = {"CREDIT_CARD", "IBAN", "US_SSN", "EMAIL", "PHONE"}


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress((CORPORA / f"{name}.jsonl.gz").read_bytes()).splitlines()]


def masked(text: bytes, engine: Name, size: int) -> tuple[bytes, list[Hit]]:
    hits: list[Hit] = []
    one = open_masker({"detectors": {"*": "redact"}}, on_hit=hits.append, engine=engine)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    return b"".join(map(one.feed, chunks)) + one.close(), sorted(hits)


def values(case: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Where the values of a case are, in bytes."""
    for span in case["spans"]:
        if not span["optional"]:
            yield tuple(len(case["text"][: span[end]].encode()) for end in ("start", "end"))  # type: ignore[misc]


@pytest.mark.parametrize(("engine", "size"), [("hyperscan", 4096), ("re2", 4096)])
def test_values_are_masked_whole(engine: Name, size: int) -> None:
    positive = cases("positive")
    assert len(positive) >= 500
    left: dict[bool, list[tuple[int, str]]] = {True: [], False: []}
    count = {True: 0, False: 0}
    for case in positive:
        text = case["text"].encode()
        output, _ = masked(text, engine, size)
        assert len(output) == len(text)
        person = case["spans"][0]["label"] in PERSONAL
        count[person] += 1
        for start, end in values(case):
            if any(output[at] == text[at] and text[at] not in SEPARATORS for at in range(start, end)):
                left[person].append((case["id"], case["ctx"]))
    assert len(left[True]) <= (1 - RECALL) * count[True], left
    assert len(left[False]) <= (1 - RECALL) * count[False], left


@pytest.mark.parametrize("size", [1, 7, 4096, None])
def test_pieces_of_any_size_give_the_same(size: int | None) -> None:
    rng = random.Random(5)
    for case in cases("positive") + cases("negative"):
        text = case["text"].encode()
        assert masked(text, "hyperscan", size or rng.randint(1, 64)) == masked(text, "hyperscan", len(text))


@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
def test_texts_without_a_value_stay(engine: Name) -> None:
    negative = cases("negative")
    assert len(negative) >= 500
    changed = [(case["id"], case["kind"]) for case in negative if masked(case["text"].encode(), engine, 4096)[1]]
    assert len(changed) <= CHANGED * len(negative), changed


def test_both_engines_find_the_same() -> None:
    for case in cases("positive") + cases("negative"):
        text = case["text"].encode()
        assert masked(text, "hyperscan", 64) == masked(text, "re2", 64)
