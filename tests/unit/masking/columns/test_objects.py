"""JSON by its keys, in one piece and in any."""

import pytest

from jumphost.masking.base import MaskError
from jumphost.masking.columns.base import CAP
from jumphost.masking.columns.names import Names
from jumphost.masking.columns.objects import DEEPEST, Objects


def masked(text: bytes, *, whole: bool = True) -> str:
    """The document with stars, whatever it is of; it must be read to its end if ``whole``."""
    step = Objects(Names(["ssn"])).read(text, 0, final=True)
    assert (step.done and step.at == len(text)) == whole
    stars = bytearray(text)
    for span in step.spans:
        stars[span.start : span.end] = b"*" * (span.end - span.start)
    return stars.decode()


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        ('{"ssn":"ab","id":1}', '{"ssn":"**","id":1}'),
        ('{"SSN" : 12.5e3 }', '{"SSN" : ****** }'),
        ('{"s\\u0073n":true}', '{"s\\u0073n":****}'),
        ('{"ssn":"a\\"b\\\\","x":"c"}', '{"ssn":"******","x":"c"}'),
        ('{"ssn":["a",{"b":["c"],"d":null}],"e":"f"}', '{"ssn":["*",{"b":["*"],"d":****}],"e":"f"}'),
        ('[{"a":{"ssn":"x"}},\n{"ssn":"y"}]', '[{"a":{"ssn":"*"}},\n{"ssn":"*"}]'),
        ('{"a":[1,[2,"{x"],"[]"]}', '{"a":[1,[2,"{x"],"[]"]}'),
        ('{"a":"{\\"ssn\\":1}","b":2}', '{"a":"***********","b":2}'),
        ('{"a":["[{\\"ssn\\":1}]","b"]}', '{"a":["*************","b"]}'),
        ('{"a":" {not json","b":""}', '{"a":" {not json","b":""}'),
        ("{}", "{}"),
        ("[[],{}]", "[[],{}]"),
    ],
)
def test_values(text: str, stars: str) -> None:
    assert masked(text.encode()) == stars


@pytest.mark.parametrize(
    "text",
    [b"x", b"{1:2}", b'{"a" 1}', b'{"a":1]', b'{"a":}', b'{"a":1 2}', b"[,]", b'{"a":1,,}', b'"a"', b'{"\\x":1}'],
)
def test_what_is_not_json(text: bytes) -> None:
    with pytest.raises(MaskError):
        masked(text)


@pytest.mark.parametrize("text", [b"[1]", b'[["a"]]', b'[{"a":1},"b"]'])
def test_a_value_under_no_key(text: bytes) -> None:
    with pytest.raises(MaskError, match="no key"):
        masked(text)


@pytest.mark.parametrize("text", [b'{"ssn":"a', b'{"ssn":"a\\', b'{"ssn":1', b'{"ss', b"{", b'{"a":"{\\"ssn'])
def test_an_end_within(text: bytes) -> None:
    step = Objects(Names(["ssn"])).read(text, 0, final=True)
    assert (step.at, step.done) == (len(text), False)


def test_what_follows_is_left() -> None:
    step = Objects(Names(["ssn"])).read(b'{"a":1}\n{"b":2}', 0, final=True)
    assert (step.at, step.done) == (7, True)


def test_a_string_that_may_be_json_waits_for_its_end_but_not_for_ever() -> None:
    assert Objects(Names(["ssn"])).read(b'{"a":"{', 0, final=False).at == 5
    assert Objects(Names(["ssn"])).read(b'{"a":"  ', 0, final=False).at == 5
    long = b'{"a":"{' + b"x" * CAP + b'"}'
    assert masked(long).count("*") == CAP + 1
    assert Objects(Names(["ssn"])).read(b'{"a":"' + b" " * (CAP + 1), 0, final=False).at == CAP + 7


def test_limits() -> None:
    with pytest.raises(MaskError, match="deeper"):
        masked(b"[" * (DEEPEST + 1))
    with pytest.raises(MaskError, match="does not end"):
        Objects(Names([])).read(b'{"' + b"x" * (CAP + 1), 0, final=False)
