"""wget command lines that are not wholly known; tests/interop has the others."""

import shlex

import pytest

from jumphost.command.flags import Unread
from jumphost.command.web.wget import requests
from jumphost.model.request import Http


def asked(text: str) -> tuple[Http, ...]:
    return requests(7, shlex.split(text))


def test_each_url_is_an_entry() -> None:
    assert asked("-q --max-redirect=0 http://a/x b:1/ -O - --post-file=f") == (
        Http(7, "POST", "http://a/x", "http", "a", 80, "/x", "file"),
        Http(7, "POST", "b:1/", "http", "b", 1, "/", "file"),
    )


def test_where_it_may_be_sent_is_not_known() -> None:
    for flags in ("", "--max-redirect=1", "--max-redirect=0 --max-redirect=2"):
        first, then = asked(f"{flags} http://h/x")
        assert (first.host, first.url_k) == ("h", "literal")
        assert then == Http(7, "GET", "", "", "", 0, "", output="x", url_k="dynamic")


@pytest.mark.parametrize(
    "flags",
    [
        *("-i f", "-r", "-m", "-p", "-H", "-e robots=off", "--config=f", "-B http://x", "-x", "--use-askpass=sh", "-E"),
        *(
            "--content-disposition",
            "--load-cookies=f",
            "--save-cookies=f",
            "--warc-file=f",
            "-b",
            "-K",
            "--spi",
            "-R x",
        ),
        *("--post-dat=x", "--hsts-file=f", "--rejected-log=f", "--proxy=on", "--timeout", "--output-doc=f", "--unlink"),
    ],
)
def test_an_unknown_flag_leaves_all_unread(flags: str) -> None:
    with pytest.raises(Unread):
        asked(f"http://h/ {flags}")


@pytest.mark.parametrize(
    "flags",
    [
        *("--header='Host: x'", "--header='X-Http-Method: x'", "-U 'x\ny'", "-o f", "-a f", "-nq", "--method=P/T"),
        *("--method=PUT --post-data=x", "--body-data=x", "--spider --post-data=x", "--spider --method=PUT"),
        *("--post-data=x --post-file=f", "--directory-prefix=", "--output-document="),
    ],
)
def test_what_makes_the_request_another_one_hides_where_it_goes(flags: str) -> None:
    (found,) = asked(f"{flags} --max-redirect=0 http://h/x")
    assert (found.url, found.url_k, found.host, found.path) == ("http://h/x", "dynamic", "", "")


@pytest.mark.parametrize(
    "url", ["http://h/a~'b", "http://h/%7e", "http://h/[a]", "h:dir/file", "ftp://h/x", "http://h/.."]
)
def test_a_url_that_wget_may_write_otherwise_is_dynamic(url: str) -> None:
    (found,) = asked(shlex.join(["-qO-", "--max-redirect=0", url]))
    assert (found.url, found.url_k) == (url, "dynamic")


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("http://h", "index.html"),
        ("http://h/a/", "index.html"),
        ("http://h/a/b.txt", "b.txt"),
        ("'http://h/a?b=c'", "a?b=c"),
        ("-P /d http://h/a", "/d/a"),
        ("-P /d/ http://h/a", "/d/a"),
        ("-O f -P /d http://h/a", "f"),
        ("-O - http://h/a", "stdout"),
        ("--spider http://h/a", "stdout"),
        ("-nc http://h/a", "a"),
        ("-nvH http://h/a", "a"),
        ("-o - http://h/a", "a"),
        ("-o /dev/null http://h/a", "a"),
    ],
)
def test_where_the_answer_goes(text: str, output: str) -> None:
    (found,) = asked(f"{text} --max-redirect=0")
    assert (found.output, found.url_k) == (output, "literal")


@pytest.mark.parametrize("url", ["http://h/a@b", "'http://h/a?b=/c'"])
def test_a_file_whose_name_is_not_sure_is_not_known(url: str) -> None:
    (found,) = asked(f"{url} --max-redirect=0")
    assert (found.output, found.url_k) == ("", "dynamic")


def test_help_asks_for_nothing() -> None:
    assert asked("--version") == asked("-h http://h/") == ()


def test_without_a_url_something_else_names_it() -> None:
    assert [one.url_k for one in asked("-q --max-redirect=0")] == ["dynamic"]
