import pytest

from jumphost.command.secrets.hints import holder


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", False),
        ("a.b", True),
        ("xa.bx", True),
        ("axb", False),
        ("A.B", False),
        ("line\nid_rsa", True),
        ("zé", True),
        ("z\\Q*", True),
        ("\ufffd" * 70_000 + "id_", True),
        ("id" * 70_000, False),
    ],
)
def test_a_hint_is_found_as_it_is_written(text: str, *, holds: bool) -> None:
    assert holder(["a.b", "id_", "é", "\\Q*"])(text) is holds
