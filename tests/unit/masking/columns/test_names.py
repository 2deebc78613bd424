"""Names of columns against globs."""

import pytest

from jumphost.masking.columns.names import Names

NAMES = Names(["ssn", "Card_*", "*"])


@pytest.mark.parametrize("name", [b"ssn", b" SSN ", b'"ssn"', b"`ssn`", b"[ssn]", b"p.ssn", b'"p"."ssn"'])
def test_a_name_in_any_dress(name: bytes) -> None:
    assert Names(["ssn"]).of(name) == "column:ssn"


def test_the_first_glob_that_matches_names_it() -> None:
    assert NAMES.of(b"card_no") == "column:Card_*"
    assert NAMES.of(b"other") == "column:*"


@pytest.mark.parametrize("name", [b"ssns", b"s", b"", b"ssn.id", b"\xff"])
def test_other_names(name: bytes) -> None:
    assert Names(["ssn"]).of(name) is None


@pytest.mark.parametrize(
    "cell", [b'{"ssn": 1}', b'x "id":1,"SSN" : 1', b'{\\"ssn\\":1}', b'{""ssn"":1}', b"{'ssn': 1}"]
)
def test_a_key_in_a_cell(cell: bytes) -> None:
    assert Names(["ssn"]).within(cell) == "column:ssn"


@pytest.mark.parametrize("cell", [b"ssn: 1", b'"ssn" "x"', b'{"id": "ssn"}', b""])
def test_no_key_in_a_cell(cell: bytes) -> None:
    assert Names(["ssn"]).within(cell) is None


def test_what_tells_a_name_from_data() -> None:
    names = Names(["ssn", "pin*", "c[a-z]*", "*"])
    assert [names.tells(name) for name in (b"SSN", b"pincode", b"card", b"other")] == [True, True, False, False]
    assert not Names(["ssn"]).tells(b"other")


def test_an_answer_is_the_same_when_it_is_not_kept() -> None:
    names = Names(["ssn*"])
    assert [names.of(b"ssn%d" % number) for number in range(300)] == ["column:ssn*"] * 300
