"""URLs that every client reads alike, and all others."""

import pytest

from jumphost.command.web.urls import Url, changes_request, dynamic, entry, read, scheme, unknown
from jumphost.model.request import Http


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://h", Url("http", "h", 80, "/", "")),
        ("https://h/", Url("https", "h", 443, "/", "")),
        ("h", Url("http", "h", 80, "/", "")),
        ("h:8080/a", Url("http", "h", 8080, "/a", "")),
        ("HTTPS://H.Example/A", Url("https", "h.example", 443, "/A", "")),
        ("http://h/a/b?c=d&e=/f?g#h", Url("http", "h", 80, "/a/b", "?c=d&e=/f?g")),
        ("http://h?a", Url("http", "h", 80, "/", "?a")),
        ("http://h#a", Url("http", "h", 80, "/", "")),
        ("http://me:word@h/a", Url("http", "h", 80, "/a", "")),
        ("http://trusted@evil/", Url("http", "evil", 80, "/", "")),
        ("http://trusted:80@evil/", Url("http", "evil", 80, "/", "")),
        ("http://10.0.0.1/", Url("http", "10.0.0.1", 80, "/", "")),
        ("http://[::1]:90/", Url("http", "::1", 90, "/", "")),
        ("http://[2001:DB8:0::1]/", Url("http", "2001:db8::1", 80, "/", "")),
        ("http://[::ffff:10.0.0.1]/", Url("http", "10.0.0.1", 80, "/", "")),
        ("http://a_b.c-d/", Url("http", "a_b.c-d", 80, "/", "")),
        ("http://1.example/", Url("http", "1.example", 80, "/", "")),
        ("http://h/a%20b/...", Url("http", "h", 80, "/a%20b/...", "")),
        ("http://h//a//", Url("http", "h", 80, "//a//", "")),
        ("http://h/a?x=../..", Url("http", "h", 80, "/a", "?x=../..")),
        ("ftpserver/x", Url("http", "ftpserver", 80, "/x", "")),
        ("h/a://b", Url("http", "h", 80, "/a://b", "")),
    ],
)
def test_a_plain_url_has_its_parts(text: str, url: Url) -> None:
    assert read(text) == url


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "http://", "http:///h", "http:/h/a", "http:h", "//h/a", "ftp://h/", "file:///etc/x", "gopher://h/"),
        *(
            "ftp.example/x",
            "FTP.example",
            "dict.example:80/x",
            "smtp.h",
            "-h",
            "http://-h/",
            "http://.h/",
            "http://h./",
        ),
        *(
            "http://h../",
            "http://a..b/",
            "http://h:/",
            "http://h:0/",
            "http://h:080/",
            "http://h:65536/",
            "http://h:x/",
        ),
        *("http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/"),
        *("http://010.0.0.1/", "http://1.2.3.256/", "http://1.2.3.4.5/", "http://a.0x1/", "http://[::1%25eth0]/"),
        *("http://[]/", "http://[::1/", "http://::1/", "http://h%2fx/", "http://h%00/", "http://hé/", "http://h h/"),
        *(
            "http://h/../a",
            "http://h/a/..",
            "http://h/./a",
            "http://h/%2e%2e/a",
            "http://h/.%2E/a",
            "http://h/a%2f..%2fb",
        ),
        *(
            "http://h/a%5c..%5cb",
            "http://h/a b",
            " http://h/",
            "http://h/\n",
            "http://h\n",
            "http://h/\\x",
            "http://h\\@e/",
        ),
        *(
            "http://a@b@c/",
            "http://a/@b@[",
            "http://h/{a,b}",
            "http://h/[1-2]",
            "http://h/a|b",
            'http://h/"',
            "http://h/<",
        ),
        *(
            "http://h/^",
            "http://h/`",
            "http://h/é",
            "http://e\u200bvil/",
            "http://h/#a#b",
            "@file",
            "http://@h/",
            "?a",
            "#a",
            ":80/x",
        ),
    ],
)
def test_what_clients_read_differently_is_not_read(text: str) -> None:
    assert read(text) is None


def test_brackets_are_for_those_who_send_them() -> None:
    assert read("http://h/a[1]?m[]=x{y}", brackets=True) == Url("http", "h", 80, "/a[1]", "?m[]=x{y}")
    assert read("http://h[1]/", brackets=True) is None


def test_the_scheme_of_a_client_is_for_urls_without_one() -> None:
    assert read("h", default_scheme="https") == Url("https", "h", 443, "/", "")
    assert read("http://h", default_scheme="https") == Url("http", "h", 80, "/", "")
    assert read("h", default_scheme="gopher") is None


def test_the_scheme_is_named_of_any_url() -> None:
    assert [scheme(text) for text in ("FILE:///x", "h", "x+y://h", "://h", "")] == ["file", "", "x+y", "", ""]


def test_an_entry_is_whole_or_has_no_parts() -> None:
    url = read("https://h:1/p?q")
    whole = entry(3, "https://h:1/p?q", url, method="GET", body="none", output="stdout", proxy="")
    assert whole == Http(3, "GET", "https://h:1/p?q", "https", "h", 1, "/p")
    for known, method, output in ((None, "GET", "stdout"), (url, "", "stdout"), (url, "GET", "")):
        found = entry(3, "https://h:1/p", known, method=method, body="file", output=output, proxy="x")
        assert (found.url_k, found.host, found.port, found.path) == ("dynamic", "", 0, "")
        assert (found.url, found.scheme, found.body, found.proxy) == ("https://h:1/p", "https", "file", "x")


def test_what_is_not_known_has_no_parts() -> None:
    assert unknown(Http(1, "GET", "http://h/x", "http", "h", 80, "/x")) == Http(
        1, "GET", "http://h/x", "http", "", 0, "", url_k="dynamic"
    )
    assert dynamic(2) == Http(2, "", "", "", "", 0, "", url_k="dynamic")


@pytest.mark.parametrize(
    ("header", "telling"),
    [
        ("Host: x", True),
        (" host : x", True),
        ("HOST;", True),
        ("Content-Length: 1", True),
        ("Transfer-Encoding: chunked", True),
        ("X-HTTP-Method-Override: DELETE", True),
        ("X-Http-Method: DELETE", True),
        ("X-Method-Override: DELETE", True),
        ("Connection: x", True),
        ("Upgrade: h2c", True),
        ("@file", True),
        ("X-A: b\nHost: x", True),
        ("X-A: b\r", True),
        ("X-Host: x", False),
        ("Hostage: x", False),
        ("Accept: application/json", False),
        ("X-A: host: b", False),
        ("", False),
    ],
)
def test_headers_that_make_another_request(header: str, telling: bool) -> None:
    assert changes_request(header) == telling
