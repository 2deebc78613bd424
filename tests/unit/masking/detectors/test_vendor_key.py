"""Further vendors: a prefix and a length each, and Azure's storage keys by their name."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.vendor_key import DETECTOR

HEX = "0123456789abcdef"
Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"SG." + fill(22) + b"." + fill(43) + b" ", [b"SG." + fill(22) + b"." + fill(43)]),
        (b"dop_v1_" + fill(64, HEX), [b"dop_v1_" + fill(64, HEX)]),
        (b"hf_" + fill(34), [b"hf_" + fill(34)]),
        (b"hvs." + fill(90), [b"hvs." + fill(90)]),
        (b"dapi" + fill(32, HEX) + b",", [b"dapi" + fill(32, HEX)]),
        (b"shpat_" + fill(32, HEX), [b"shpat_" + fill(32, HEX)]),
        (b"glsa_" + fill(41), [b"glsa_" + fill(41)]),
        (b"sntrys_" + fill(60), [b"sntrys_" + fill(60)]),
        (b"ATATT3" + fill(180), [b"ATATT3" + fill(180)]),
        (b"NRAK-" + fill(27, "ABC123XYZ"), [b"NRAK-" + fill(27, "ABC123XYZ")]),
        (b"AccountKey=" + fill(86) + b"==;x", [fill(86) + b"=="]),
        (b"accountkey=" + fill(85) + b"==;x", []),
        (b"hf_model_name", []),
        (b"hvs.example.com", []),
        (b"SG.short.key", []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x hf_", b"hf_", b"hf_"),
        (b"AccountKey=", b"", b""),
        (b"AccountKey=" + fill(40), fill(40), fill(40)),
        (b"AccountKey=" + fill(40) + b";", b"", b""),
        (b"x glsa_" + fill(20), b"glsa_" + fill(20), b"glsa_" + fill(20)),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
