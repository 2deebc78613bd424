"""The requests of whole commands, as a policy sees them."""

import pytest

from jumphost.command.facts import analyse
from jumphost.model.request import Http


def test_requests_of_all_programs_in_order() -> None:
    command = analyse(b"curl http://a/ | x; /usr/bin/wget -qO- --max-redirect=0 http://b/ && https -I c; http -I d")
    assert [(one.cmd, one.host, one.scheme) for one in command.http] == [
        (0, "a", "http"),
        (2, "b", "http"),
        (3, "c", "https"),
        (4, "d", "http"),
    ]


@pytest.mark.parametrize(
    "text", ["psql -c 'select 1'", "echo curl http://h/", "/tmp/curl http://h/", "curl --version", "#"]
)
def test_other_programs_ask_for_nothing(text: str) -> None:
    assert analyse(text.encode()).http == ()


@pytest.mark.parametrize(
    "text", ["curl $x", 'curl "http://h/$x"', "curl http://h/ $(id)", "curl http://h/?a", "wget *"]
)
def test_a_word_that_is_not_known_leaves_nothing_known(text: str) -> None:
    assert analyse(text.encode(), dialect="bash").http == (Http(0, "", "", "", "", 0, "", url_k="dynamic"),)


def test_a_flag_that_is_not_known_leaves_nothing_known() -> None:
    assert analyse(b"curl --frob http://h/").http == (Http(0, "", "", "", "", 0, "", url_k="dynamic"),)


@pytest.mark.parametrize(
    ("given", "proxy", "kind"),
    [
        ("LC_ALL=C", "", "literal"),
        ("http_proxy=p", "p", "literal"),
        ("HTTPS_PROXY=p", "p", "literal"),
        ("all_proxy=", "", "literal"),
        ("no_proxy=h", "", "dynamic"),
        ("CURL_HOME=/tmp", "", "dynamic"),
        ("HOME=/tmp", "", "dynamic"),
        ("http_proxy=p HOME=/tmp", "p", "dynamic"),
        ("http_proxy=$p", "", "dynamic"),
    ],
)
def test_the_environment_of_the_command_counts(given: str, proxy: str, kind: str) -> None:
    (found,) = analyse(f"{given} curl http://h/".encode()).http
    assert (found.proxy, found.url_k) == (proxy, kind)
    assert (found.host == "h") == (kind == "literal")


def test_a_flag_comes_before_the_environment() -> None:
    (found,) = analyse(b"http_proxy=p curl -x q http://h/").http
    assert found.proxy == "q"
