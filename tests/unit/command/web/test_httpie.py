"""HTTPie command lines that are not wholly known; tests/interop has the others."""

import shlex

import pytest

from jumphost.command.flags import Unread
from jumphost.command.web.httpie import requests
from jumphost.model.request import Http


def asked(text: str, scheme: str = "http") -> tuple[Http, ...]:
    return requests(7, shlex.split(text), scheme=scheme)


def test_the_request_is_an_entry() -> None:
    assert asked("-I put h/x a=b c==d -o f --proxy http:http://p:1") == (
        Http(7, "PUT", "h/x?c=d", "http", "h", 80, "/x", "literal", "f", "http://p:1"),
    )


@pytest.mark.parametrize(
    ("text", "scheme", "url"),
    [
        ("h/x", "https", "https://h:443/x"),
        ("h/x", "http", "http://h:80/x"),
        ("--default-scheme=https h", "http", "https://h:443/"),
        ("--default-scheme=http h", "https", "https://h:443/"),
        ("http://h/", "https", "http://h:80/"),
        (":/x", "http", "http://localhost:80/x"),
        (":", "http", "http://localhost:80/"),
        (":81", "http", "http://localhost:81/"),
        ("://h/x", "http", "http://h:80/x"),
    ],
)
def test_what_a_url_leaves_out(text: str, scheme: str, url: str) -> None:
    (found,) = asked(f"-I {text}", scheme)
    assert f"{found.scheme}://{found.host}:{found.port}{found.path}" == url


@pytest.mark.parametrize(
    ("text", "method", "body"),
    [
        ("-I h/", "GET", "none"),
        ("h/", "POST", "stdin"),
        ("get h", "GET", "stdin"),
        ("-I h/ a=b", "POST", "literal"),
        ("-I h/ a:=1", "POST", "literal"),
        ("-I h/ a=@f", "POST", "file"),
        ("-I h/ a:=@f", "POST", "file"),
        ("-I h/ a@f b=c", "POST", "file"),
        ("-I h/ @f", "POST", "file"),
        ("-I h/ X-A:b", "GET", "none"),
        ("-I h/ 'X-A;'", "GET", "none"),
        ("-I h/ a==b", "GET", "none"),
        ("-I --raw x h", "POST", "literal"),
        ("-I localhost", "GET", "none"),
    ],
)
def test_method_and_body_by_what_is_sent(text: str, method: str, body: str) -> None:
    (found,) = asked(text)
    assert (found.method, found.body, found.url_k) == (method, body, "literal")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "h/ Host:x",
            "h/ X-A:@f",
            "h/ a==@f",
            "h/ 'a==b c'",
            "h/ 'a\\:=b'",
            "h/ bare",
            "h/a%7e",
            "h/..",
            "ftp://h/",
            "",
        ),
        *(
            "-o f -o g h",
            "-o '' h",
            "--proxy http:a --proxy https:b h",
            "--default-scheme=ftp h",
            "h/ 'X-A:b\nc'",
            "::1",
        ),
    ],
)
def test_what_is_not_known_hides_where_it_goes(text: str) -> None:
    (found,) = asked(f"-I {text}")
    assert (found.url_k, found.host, found.path) == ("dynamic", "", "")


@pytest.mark.parametrize(
    "flag", ["--session=x", "--session-read-only=x", "-d", "--download", "-c", "--offline", "--foll"]
)
def test_an_unknown_flag_leaves_all_unread(flag: str) -> None:
    with pytest.raises(Unread):
        asked(f"h/ {flag}")


def test_where_it_may_be_sent_is_not_known() -> None:
    first, then = asked("-IF h")
    assert (first.url_k, then.url, then.url_k) == ("literal", "", "dynamic")


def test_help_asks_for_nothing() -> None:
    assert asked("--help") == asked("--version h") == ()
