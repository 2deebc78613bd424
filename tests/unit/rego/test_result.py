"""Verdicts as rules make them are verdicts as the entrypoint takes them."""

from jumphost.testing.rego import UNDEFINED

TERMS = [{"groups": ["dba"], "count": 1, "ttl_s": 60}]


def test_allow(ask):
    query = 'data.jumphost.result.allow("a", "may", {"record": "io"})'
    assert ask(query, [{}]) == [{"id": "a", "message": "may", "obligations": {"record": "io"}}]
    assert ask(f'data.jumphost.shape.verdict("allow", {query})', [{}]) == [True]


def test_deny(ask):
    query = 'data.jumphost.result.deny("d", "no")'
    assert ask(query, [{}]) == [{"id": "d", "message": "no", "obligations": {}}]
    assert ask(f'data.jumphost.shape.verdict("deny", {query})', [{}]) == [True]


def test_hold(ask):
    query = 'data.jumphost.result.hold("h", "waits", input.terms, {"record": "io"})'
    expected = {"id": "h", "message": "waits", "obligations": {"record": "io", "approval": TERMS}}
    assert ask(query, [{"terms": TERMS}, {}]) == [expected, UNDEFINED]
    assert ask(f'data.jumphost.shape.verdict("hold", {query})', [{"terms": TERMS}]) == [True]


def test_the_terms_of_a_hold_cannot_be_overridden(ask):
    query = 'data.jumphost.result.hold("h", "", input.terms, {"approval": []}).obligations.approval'
    assert ask(query, [{"terms": TERMS}]) == [TERMS]
