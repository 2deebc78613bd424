"""curl command lines that are not wholly known, and those that ask for nothing; tests/interop has the others."""

import shlex

import pytest

from jumphost.command.flags import Unread
from jumphost.command.web.curl import requests
from jumphost.model.request import Http


def asked(text: str) -> tuple[Http, ...]:
    return requests(7, shlex.split(text))


def test_each_url_is_an_entry() -> None:
    assert asked("-s http://a/x -o f --url https://b:1/y -T up --next -d z c -x p") == (
        Http(7, "PUT", "http://a/x", "http", "a", 80, "/x", "file", "f"),
        Http(7, "GET", "https://b:1/y", "https", "b", 1, "/y"),
        Http(7, "POST", "c", "http", "c", 80, "/", "literal", "stdout", "p"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "--unknown http://h/",
        "--sil http://h/",
        "--no-head http://h/",
        "-s5 http://h/",
        "--url=http://h/",
        "http://h/ -X",
        "http://h/ -",
        "-: http://h/",
        "--ftp-pasv http://h/",
        "--expand-url http://h/",
    ],
)
def test_an_unknown_flag_leaves_all_unread(text: str) -> None:
    with pytest.raises(Unread):
        asked(text)


@pytest.mark.parametrize(
    "flags",
    [
        *(
            "-K f",
            "--config f",
            "-Kf",
            "-sK f",
            "--resolve h:80:127.0.0.1",
            "--connect-to h:80:x:80",
            "--unix-socket s",
        ),
        *(
            "--abstract-unix-socket s",
            "--doh-url https://d/",
            "--dns-servers 1.1.1.1",
            "--preproxy p",
            "--proto-default ftp",
        ),
        *("--request-target /x", "--url-query a=b", "--alt-svc f", "--hsts f", "--engine x", "--libcurl f", "-Q x"),
        *("--trace f", "--trace-ascii f", "--stderr f", "-D f", "-c f", "--etag-save f", "--etag-compare f", "-J -O"),
        *("--remote-name-all", "--location-trusted", "--metalink", "--no-clobber -o f", "-w @f", "-w '%output{f}'"),
        *("-b f", "-b ''x", "-H @f", "-H 'Host: x'", "--proxy-header @f", "-H 'X-HTTP-Method-Override: PUT'"),
        *("-A 'x\nHost: y'", "-e 'x\ny'", "-u 'x\ny'", "-X 'GET\nx'", "-X get", "-X 'GET /'", "-X ''x", "-o ''"),
        *("-F a=b -d c", "-T f -d c", "-T f -F a=b", "-I -d c", "-I -F a=b", "-I -T f", "-G -F a=b", "-G -T f"),
        *("-G -d @f", "-G --data-urlencode a@f", "-G --json 1", "-G -d 'a b'", "-T 'a b'", "-O", "--output-dir ''"),
    ],
)
def test_what_makes_the_request_another_one_hides_where_it_goes(flags: str) -> None:
    (found,) = asked(f"{flags} http://h/")
    assert (found.url_k, found.host, found.port, found.path) == ("dynamic", "", 0, "")
    assert found.url.startswith("http://h/") or found.url == "http://h/"
    assert found.scheme == "http"


@pytest.mark.parametrize("flags", ["-D -", "--stderr -", "-c -", "--trace -", "-b ''", "-b a=b", "-w %{http_code}"])
def test_what_only_prints_more_hides_nothing(flags: str) -> None:
    (found,) = asked(f"{flags} http://h/")
    assert found == Http(7, "GET", "http://h/", "http", "h", 80, "/")


@pytest.mark.parametrize("url", ["http://h/{a,b}", "http://h/[1-3]", "file:///etc/x", "ftp://h/x", "http://h/../x", ""])
def test_a_url_that_is_not_one_plain_url_is_dynamic(url: str) -> None:
    found = asked(shlex.join(["http://known/", url]))
    assert [(one.url, one.url_k, one.host) for one in found] == [
        ("http://known/", "literal", "known"),
        (url, "dynamic", ""),
    ]


def test_one_flag_hides_every_request_before_it_too() -> None:
    assert {one.url_k for one in asked("http://a/ --next http://b/ -K f")} == {"dynamic"}


@pytest.mark.parametrize("text", ["", "-s", "-d x", "http://h/ --next", "--next http://h/"])
def test_without_a_url_something_else_names_it(text: str) -> None:
    assert {one.url_k for one in asked(text)} == {"dynamic"}


@pytest.mark.parametrize(
    "text", ["-V", "--version http://h/", "-h http://h/", "-sV http://h/", "--manual", "--help all"]
)
def test_help_asks_for_nothing(text: str) -> None:
    assert asked(text) == ()


@pytest.mark.parametrize("text", ["-L http://h/", "-sSL http://h/", "http://h/ --location"])
def test_where_it_may_be_sent_is_not_known(text: str) -> None:
    first, then = asked(text)
    assert (first.host, first.url_k) == ("h", "literal")
    assert then == Http(7, "GET", "", "", "", 0, "", url_k="dynamic")


def test_a_redirect_is_one_more_entry_for_each_kind_of_request() -> None:
    found = asked("-L http://a/ http://b/ --next -d x http://c/ -L")
    assert [(one.method, one.host, one.body) for one in found] == [
        ("GET", "a", "none"),
        ("GET", "b", "none"),
        ("GET", "", "none"),
        ("POST", "c", "literal"),
        ("POST", "", "literal"),
    ]


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("http://h", "http://h/f.x"),
        ("http://h/", "http://h/f.x"),
        ("http://h/d/", "http://h/d/f.x"),
        ("http://h/d", "http://h/d"),
        ("http://h/?q", "http://h/?q"),
        ("http://h/#f", "http://h/#f"),
    ],
)
def test_the_name_of_a_file_completes_a_folder(url: str, whole: str) -> None:
    (found,) = asked(f"-T /srv/f.x '{url}'")
    assert found.url == whole
    assert (found.url_k == "literal") == ("?" not in url and "#" not in url)


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "M-SEARCH"])
def test_the_method_is_what_is_asked_for(method: str) -> None:
    (found,) = asked(f"-X {method} http://h/")
    assert (found.method, found.url_k) == (method, "literal")


@pytest.mark.parametrize(
    ("flags", "proxy"),
    [
        ("-x p:1", "p:1"),
        ("-xp", "p"),
        ("-x p -x q", "q"),
        ("-x p -x ''", ""),
        ("--socks5 p", "socks5://p"),
        ("--socks5-hostname p", "socks5h://p"),
        ("--socks4a p", "socks4a://p"),
        ("--proxy1.0 p", "p"),
    ],
)
def test_the_last_proxy_counts(flags: str, proxy: str) -> None:
    (found,) = asked(f"{flags} http://h/")
    assert (found.proxy, found.url_k) == (proxy, "literal")


@pytest.mark.parametrize(
    ("flags", "body"),
    [
        ("-d ''", "none"),
        ("-d @", "file"),
        ("-d @-", "stdin"),
        ("-d a -d @f -d @-", "file"),
        ("-d a -d @-", "stdin"),
        ("-F 'a=@-;type=x/y'", "stdin"),
        ("-F 'a=b;headers=@f'", "file"),
        ("-F 'a=b;headers=<f'", "file"),
        ("--form-string 'a=@f;headers=@f'", "literal"),
        ("--data-urlencode a=b@f", "literal"),
        ("-T ''", "none"),
    ],
)
def test_where_the_body_comes_from(flags: str, body: str) -> None:
    (found,) = asked(f"{flags} http://h/a")
    assert (found.body, found.url_k) == (body, "literal")


@pytest.mark.parametrize(
    ("flags", "output"),
    [
        ("-o f", "f"),
        ("-of -o g", "f"),
        ("-o -", "stdout"),
        ("-o /dev/null", "/dev/null"),
        ("-O", "name"),
        ("--output-dir /d -O", "/d/name"),
        ("--output-dir /d/ -o f", "/d/f"),
        ("--output-dir /d", "stdout"),
    ],
)
def test_where_the_answer_goes(flags: str, output: str) -> None:
    (found,) = asked(f"{flags} http://h/a/name?q")
    assert (found.output, found.url_k) == (output, "literal")


def test_data_of_get_stand_in_the_url() -> None:
    (found,) = asked("-G -d a=b --data-urlencode 'c= /é~' --data-urlencode '=x' 'http://h/p?q#f'")
    assert (found.url, found.path, found.body) == ("http://h/p?q&a=b&c=+%2F%C3%A9~&x", "/p", "none")
