"""Whatever a caller sends becomes a document that reads back as it was written, or is refused with request.invalid."""

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.errors import Code, JumphostError, Refused
from jumphost.policy import document
from jumphost.policy.base import Submission
from jumphost.policy.document import Document
from jumphost.testing.policies import submission

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
SUBMISSIONS = st.builds(
    submission,
    raw=st.one_of(st.binary(max_size=200), st.text(max_size=60).map(str.encode)),
    purpose=ANY_TEXT,
    correlation=ANY_TEXT,
    env=st.dictionaries(st.one_of(st.just("LANG"), ANY_TEXT), ANY_TEXT, max_size=3),
    stdin=st.one_of(st.none(), st.binary(max_size=50)),
    now_ns=st.integers(-(2**70), 2**70),
)


def outcome(make: Callable[[], Document]) -> Document | JumphostError:
    try:
        return make()
    except Refused as refused:
        return refused


def assert_documented(got: Document | JumphostError) -> None:
    if isinstance(got, Document):
        assert document.read(got.body) == got
        assert json.dumps(json.loads(got.body), ensure_ascii=False).encode(), "a text without lone surrogates"
    else:
        assert got.code is Code.REQUEST_INVALID
        assert got.message.encode()


@settings(deadline=None, max_examples=300)
@given(SUBMISSIONS)
def test_a_submission_is_a_document_or_refused(made: Submission) -> None:
    assert_documented(outcome(lambda: document.build(made)))


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.binary(max_size=300), st.recursive(st.none() | st.integers() | ANY_TEXT, st.lists).map(json.dumps)))
def test_any_bytes_are_a_document_or_refused(body: bytes | str) -> None:
    data = body if isinstance(body, bytes) else body.encode()
    assert_documented(outcome(lambda: document.read(data)))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_document_with_one_value_changed_is_a_document_or_refused(data: st.DataObject) -> None:
    body = json.loads(document.build(submission(b"df -h | wc -l")).body)
    place = body
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[key] = data.draw(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, st.just([]), st.just({}))
    )
    assert_documented(outcome(lambda: document.read(json.dumps(body).encode())))
