import pytest


@pytest.mark.parametrize(
    ("labels", "answer"),
    [
        ({"env": "prod"}, True),
        ({"env": "prod", "data": "payments"}, True),
        ({"env": "dev"}, False),
        ({"env": "prod", "region": "eu"}, False),
        ({"region": "eu"}, False),
        ({}, False),
    ],
)
def test_labelled(ask, labels, answer):
    target = {"labels": {"env": "prod", "data": "payments"}}
    query = "data.jumphost.target.labelled(input.target, input.labels)"
    (found,) = ask(query, [{"target": target, "labels": labels}])
    assert (found is True) == answer


@pytest.mark.parametrize(("question", "field"), [("named", "name"), ("login", "login")])
def test_named_and_login(ask, question, field):
    query = f'data.jumphost.target.{question}(input.target, {{"app", "db"}})'
    answers = ask(query, [{"target": {field: value}} for value in ("app", "db", "root", "")])
    assert [answer is True for answer in answers] == [True, True, False, False]


@pytest.mark.parametrize(
    "query", ['labelled(input.target, {"a": "b"})', 'named(input.target, {"a"})', 'login(input.target, {"a"})']
)
def test_a_missing_field_is_no(ask, query):
    assert True not in ask(f"data.jumphost.target.{query}", [{}, {"target": {}}, {"target": {"labels": {}}}])
