import pytest

from jumphost.config.settings import address


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("127.0.0.1:2222", ("127.0.0.1", 2222)),
        ("[::1]:0", ("::1", 0)),
        ("gateway.example:65535", ("gateway.example", 65_535)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, parts: tuple[str, int]) -> None:
    assert address(text) == parts


@pytest.mark.parametrize(
    "text", ["", "2222", ":2222", "host", "host:", "host:x", "host:65536", "::1:22", "[::1]", "[h]:1", "h:-1", "h:１"]
)
def test_anything_else_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="expected ADDRESS:PORT such as"):
        address(text)
