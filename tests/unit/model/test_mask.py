"""What a mask asks for, and what it may be made of."""

import msgspec
import pytest

from jumphost.model.mask import TRANSFORM, Mask


@pytest.mark.parametrize(
    ("mask", "asked"),
    [
        (Mask(), False),
        (Mask(mode="detect", opaque=("gzip", TRANSFORM)), False),
        (Mask({"*": "redact"}), True),
        (Mask(columns={"ssn": "partial"}), True),
    ],
)
def test_a_mask_without_detectors_and_columns_asks_for_nothing(mask: Mask, asked: bool) -> None:
    assert mask.asked is asked


@pytest.mark.parametrize(
    "wrong", [{"detectors": {"*": "hide"}}, {"mode": "off"}, {"opaque": ["rar"]}, {"detector": {}}, {"columns": None}]
)
def test_words_that_are_none_of_ours_are_refused(wrong: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Mask)
