import pytest


@pytest.mark.parametrize(
    ("groups", "wanted", "answer"),
    [
        (["readonly"], ["readonly"], True),
        (["a", "b"], ["b", "c"], True),
        (["a"], ["b"], False),
        ([], ["a"], False),
        (["a"], [], False),
    ],
)
def test_in_group(ask, groups, wanted, answer):
    query = "data.jumphost.identity.in_group(input.identity, input.groups)"
    (found,) = ask(query, [{"identity": {"groups": groups}, "groups": wanted}])
    assert (found is True) == answer


def test_named(ask):
    query = 'data.jumphost.identity.named(input.identity, {"deploy-bot", "backup-job"})'
    answers = ask(query, [{"identity": {"name": name}} for name in ("deploy-bot", "backup-job", "batch-reader", "")])
    assert [answer is True for answer in answers] == [True, True, False, False]


@pytest.mark.parametrize("query", ['in_group(input.identity, {"a"})', 'named(input.identity, {"a"})'])
def test_a_missing_field_is_no(ask, query):
    assert True not in ask(f"data.jumphost.identity.{query}", [{}, {"identity": {}}, {"identity": None}])
