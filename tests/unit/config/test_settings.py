import pytest

from jumphost.config.settings import address, server_address


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


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://opa.example", ("opa.example", 443)),
        ("https://opa.example:8443/", ("opa.example", 8443)),
        ("http://127.0.0.1:8181", ("127.0.0.1", 8181)),
        ("http://[::1]", ("[::1]", 80)),
    ],
)
def test_server_addresses(url: str, expected: tuple[str, int]) -> None:
    assert server_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opa.example:8181",
        "ftp://opa.example",
        "http://opa.example",
        "http://localhost:8181",
        "http://10.0.0.1",
        "https://",
        "https://a/v1",
        "https://a?x",
        "https://a#x",
        "https://name:pass@a",
        "https://a:99999",
        "https://a:x",
        "https://[::1",
        "https://a b",
        "https://a\n",
    ],
)
def test_what_is_no_server_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"^got "):
        server_address(url)
