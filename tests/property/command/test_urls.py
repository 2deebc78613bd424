"""A URL that is read is read alike by other parsers."""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.web.urls import read

SIGNS = st.sampled_from(
    [*"ab1./:@?#%[]{}\\ ", "http://", "HTTPS://", "h", "..", "%2e", "%2F", "10.0.0.1", "0x7f", ":80", "é"]
)
TEXTS = st.lists(SIGNS, max_size=12).map("".join)


@settings(max_examples=2000)
@given(TEXTS | TEXTS.map("http://".__add__) | TEXTS.map("http://h".__add__))
def test_other_parsers_agree(text: str) -> None:
    url = read(text)
    if url is None:
        return
    other = urlsplit(text if text.lower().startswith(("http://", "https://")) else f"http://{text}")
    assert (other.scheme, other.path or "/") == (url.scheme, url.path)
    assert other.query == url.query.removeprefix("?")
    assert (other.port or {"http": 80, "https": 443}[url.scheme]) == url.port
    host = other.hostname or ""
    assert host == url.host or ip_address(host) == ip_address(url.host)


@settings(max_examples=2000)
@given(TEXTS.map("http://h/".__add__))
def test_no_path_leads_out_of_where_it_begins(text: str) -> None:
    url = read(text)
    if url is not None:
        assert {".", ".."}.isdisjoint(unquote(url.path).replace("\\", "/").split("/"))
