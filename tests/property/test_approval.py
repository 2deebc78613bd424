"""The matching of people and places, against trying everything."""

from itertools import permutations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.model.approval import Term, terms_met

GROUPS = st.lists(st.sampled_from("abc"), max_size=3, unique=True)
PEOPLE = st.dictionaries(st.sampled_from(["p1", "p2", "p3", "p4", "p5"]), GROUPS).map(lambda people: [*people.items()])
TERMS = st.lists(st.builds(Term, GROUPS.filter(bool).map(tuple), st.integers(1, 2), st.just(60)), max_size=3).filter(
    lambda terms: sum(term.count for term in terms) <= 5
)


def by_trying_everything(terms: list[Term], people: list[tuple[str, list[str]]]) -> bool:
    """Whether some way of seating distinct people in all places lets each sit where one of their groups may."""
    places = [term.groups for term in terms for _ in range(term.count)]
    return bool(places) and any(
        all(set(groups) & set(place) for place, (_, groups) in zip(places, seated, strict=True))
        for seated in permutations(people, len(places))
    )


@given(TERMS, PEOPLE)
@settings(max_examples=500)
@example([Term(("a",), 1, 60), Term(("b",), 1, 60)], [("p1", ["a", "b"]), ("p2", ["a"])])
def test_terms_are_met_exactly_if_everybody_can_be_seated(
    terms: list[Term], people: list[tuple[str, list[str]]]
) -> None:
    assert terms_met(terms, people) is by_trying_everything(terms, people)


@given(TERMS, PEOPLE, st.data())
def test_neither_order_nor_repetition_nor_another_person_unmeets_terms(
    terms: list[Term], people: list[tuple[str, list[str]]], data: st.DataObject
) -> None:
    met = terms_met(terms, people)
    assert terms_met(terms, data.draw(st.permutations(people + people))) is met
    assert terms_met(terms, [*people, ("p9", data.draw(GROUPS))]) >= met
