"""Each check: what it takes, what it refuses, what it says is named."""

import pytest

from jumphost.command.profiled import checks
from jumphost.command.profiled.checks import plain_path, taker, takes_path
from jumphost.command.profiled.profile import Check

TAKES: dict[str, list[str]] = {
    "text": ["", "a b", "é", "a\nb", "/x", "@x"],
    "any": ["", "-x", "--", "a"],
    "regex": ["", "^a.*$", "a|b"],
    "format": ["%s\\n", "+%F", ""],
    "date": ["yesterday", "-1 day", "2026-12-01T00:00Z", "@0"],
    "delimiter": [":", "-", "\t", "=", ", "],
    "sql": ["select 1", "SELECT\n1"],
    "number": ["0", "42", "007"],
    "number_signed": ["-5", "+5", "5"],
    "size": ["10", "1.5G", "3kB", "4MiB", "2b"],
    "size_signed": ["-10", "+1K", "5"],
    "duration": ["1.5", "10s", "5m", "2h", "1d", "1h30m", "500ms"],
    "database": ["payments", "mysqlx", "9"],
    "identifier": ["a", "_a.b-c", "9"],
    "name_glob": ["*.log", "web-[0-9]?", "a@b:c"],
    "unit": ["nginx.service", "ssh*", "getty@tty1.service", "a\\x2db.mount"],
    "resource": ["pods", "deploy/web", "web-0", "ns/a:b", "secretary"],
    "user": ["root", "www-data", "1000", "host$"],
    "group": ["adm", "4"],
    "signal": ["TERM", "SIGKILL", "9", "0", "RTMIN+1"],
    "pid": ["1", "4242"],
    "mode": ["644", "0755", "u+x", "u=rw,g+r,o-x", "+x", "a=rX"],
    "path_null": ["/dev/null"],
    "dash": ["-"],
    "path_read": ["/a", "a/b", "../x", "a b", "/a:b"],
    "path_write": ["/a", "x"],
    "path_delete": ["/a", "x"],
    "path_list": ["/a/", "."],
    "sqlite_file": ["/srv/a.db"],
    "host": ["db.internal", "10.0.0.1", "::1", "a", "web_1"],
    "host_port": ["db.internal:5432", "10.0.0.1:1"],
    "remote_path": ["db.internal:/", "10.0.0.1:/srv/a/", "web_1:/srv/a-b.c"],
    "port": ["1", "65535"],
    "url": ["http://a.internal", "https://a.internal:8443/x?y=1&z=%20", "HTTP://A.internal/", "http://10.0.0.1/x"],
    "jq": [".a"],
    "awk": ["{ print $1 }", "NR > 1"],
    "sed": ["s/a/b/g", "1,20p"],
}
REFUSES: dict[str, list[str]] = {
    "text": ["-", "-x", "--x"],
    "regex": ["-x"],
    "format": ["-x", "a\nb", "\x7f"],
    "date": ["/x", "", "a\nb"],
    "delimiter": ["", "x" * 17],
    "sql": ["", "-x", "-- x"],
    "number": ["", "-1", "1.5", "٣", "1\n"],
    "number_signed": ["--5", "+", "1.0"],
    "size": ["-1", "1X", "1KiBB", "G"],
    "size_signed": ["--1", "~1"],
    "duration": ["", "infinity", "-1", "1y", "1h30", "1" * 99 + "x", "1m" * 99 + "x"],
    "database": ["mysql", "MySQL", "sys", "performance_schema", "", "-a", "a/b"],
    "identifier": ["", "-a", ".a", "a b", "a/b", "a=b"],
    "name_glob": ["-*", "a/b", "", "$x"],
    "unit": ["-x", "/dev/sda", "a b"],
    "resource": ["secret", "secrets", "Secret/x", "secrets.v1.", "secrets/x", "-x", "a,b", "a/b/c", "a/../b"],
    "user": ["-x", "a b", "", "12345678901"],
    "group": ["a:b"],
    "signal": ["-9", "term", "100"],
    "pid": ["0", "-1", "1 2", ""],
    "mode": ["-x", "999999", "u+z", "8"],
    "path_null": ["/dev/zero", "/dev//null"],
    "dash": ["--", ""],
    "path_read": ["", "-x", "host:/x", "http://x/", "a\nb", "file:x"],
    "path_write": ["", "-", "-x", "host:x"],
    "path_delete": ["", "-", "a\x1bb"],
    "path_list": ["-", ""],
    "sqlite_file": ["file:/srv/a.db", ":memory:", "-x", ""],
    "host": [
        "",
        "a@b",
        "a/b",
        "-a",
        "a..b",
        "a.",
        "10.0.0",
        "2130706433",
        "0x7f.1",
        "1.2.3.256",
        "fe80::1%eth0",
        "a" * 64,
    ],
    "remote_path": [
        *("a", "a:", "a:b", "/a:/b", ":/a", "a@b:/c", "a::b", "a::/b", "[::1]:/a", "-a:/b"),
        *("a:/b/../c", "a:/b//c", "a:/b;c", "a:/b c", "a:/$b", "a:/b*", "a:/~b", "0x7f:/a"),
    ],
    "host_port": ["a", "a:", ":1", "a:0", "a:65536", "::1:80", "a:x"],
    "port": ["0", "65536", "-1", "1x", "", "²"],
    "url": [
        "httpſ://a.internal/",  # a long s, which is one of s in small letters
        *("ftp://a/", "file:///x", "a.internal", "http://u@a/", "http://u:p@a/", "http://a\\@b/", "http://a/{b}"),
        *("http://a/[1-9]", "http://a/x y", "http://a#@b/", "http://2130706433/", "http://a:0/", "http://a:99999/"),
        *("http://[::1]/", "http:///x", "http://é/", "gopher://a/", "http://a/\x00", "-http://a/"),
    ],
    "jq": ["env"],
    "awk": ['{ system("id") }', '{ print > "/x" }', '{ "id" | getline }'],
    "sed": ["s/a/b/e", "w /x", "1e id"],
}


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in TAKES.items() for word in words])
def test_taken(name: str, word: str) -> None:
    assert taker(Check(name))(word) is not None


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in REFUSES.items() for word in words])
def test_refused(name: str, word: str) -> None:
    assert taker(Check(name))(word) is None


def test_every_check_is_tried() -> None:
    assert TAKES.keys() | REFUSES.keys() == checks.NAMES - checks.WITH_WORDS - checks.WITH_CHECKS


@pytest.mark.parametrize(
    ("check", "word", "uses"),
    [
        (Check("path_read"), "/a", (("read", "/a"),)),
        (Check("path_read"), "-", (("stdin", "-"),)),
        (Check("path_read"), "/dev/stdin", (("stdin", "-"), ("read", "/dev/stdin"))),
        (Check("path_list"), "/a", (("list", "/a"),)),
        (Check("path_write"), "a", (("write", "a"),)),
        (Check("path_delete"), "/a", (("delete", "/a"),)),
        (Check("sqlite_file"), "/a", (("database", "/a"),)),
        (Check("host"), "DB.internal", (("host", "db.internal"),)),
        (Check("host_port"), "db.internal:1", (("host", "db.internal"),)),
        (Check("remote_path"), "DB.internal:/srv/a", (("host", "db.internal"),)),
        (Check("url"), "https://A.internal:1/x", (("host", "a.internal"),)),
        (Check("text"), "x", ()),
        (Check("one_of", ("a", "-b")), "-b", ()),
        (Check("one_of", ("a",)), "b", None),
        (Check("matches", ("[a-z]+",)), "abc", ()),
        (Check("matches", ("[a-z]+",)), "abc\n", None),
        (Check("matches", ("a|ab",)), "ab", ()),
        (Check("absolute_path_under", ("/srv/app/", "/var/log")), "/srv/app/x", (("read", "/srv/app/x"),)),
        (Check("absolute_path_under", ("/srv/app",)), "/srv/app", (("read", "/srv/app"),)),
        (Check("absolute_path_under", ("/srv/app",)), "/srv/apple", None),
        (Check("absolute_path_under", ("/srv/app",)), "/srv/app/../x", None),
        (Check("absolute_path_under", ("/srv/app",)), "/srv/app/a\nb", None),
        (Check("absolute_path_under", ("/srv/app",)), "srv/app", None),
        (Check("writes_under", ("/srv/out",)), "/srv/out/x", (("write", "/srv/out/x"),)),
        (Check("host_in", ("*.internal",)), "DB.Internal", (("host", "db.internal"),)),
        (Check("host_in", ("*.internal",)), "db.internal.evil.example", None),
        (Check("host_in", ("*",)), "a@b", None),
        (Check("list_of", inner=(Check("host"),)), "a,b", (("host", "a"), ("host", "b"))),
        (Check("list_of", inner=(Check("number"),)), "1,,2", None),
        (Check("list_of", inner=(Check("number"),)), "1,x", None),
        (Check("list_of", inner=(Check("number"),)), "", None),
        (Check("any_of", inner=(Check("dash"), Check("path_write"))), "-", ()),
        (Check("any_of", inner=(Check("dash"), Check("path_write"))), "/a", (("write", "/a"),)),
        (Check("any_of", inner=(Check("dash"), Check("path_write"))), "-x", None),
        (Check("key_value", inner=(Check("number"),)), "a.b/c=1", ()),
        (Check("key_value", inner=(Check("number"),)), "a=x", None),
        (Check("key_value", inner=(Check("text"),)), "a", None),
        (Check("key_value", inner=(Check("text"),)), "-a=b", None),
    ],
)
def test_what_a_word_names(check: Check, word: str, uses: checks.Taken) -> None:
    assert taker(check)(word) == uses


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (Check("nothing"), "got the check 'nothing', expected one of absolute_path_under, any, "),
        (Check("text", ("a",)), "got arguments for text, expected none"),
        (Check("one_of"), "got no list for one_of"),
        (Check("matches", ("a", "b")), "got 2 patterns for matches"),
        (Check("matches", ("(",)), "got the pattern '('"),
        (Check("matches", (r"(?=a)",)), "expected one of RE2"),
        (Check("absolute_path_under", ("/",)), "got the prefix '/'"),
        (Check("writes_under", ("a",)), "got the prefix 'a'"),
        (Check("list_of"), "got 0 checks for list_of"),
        (Check("key_value", inner=(Check("text"), Check("text"))), "got 2 checks for key_value"),
        (Check("any_of", inner=(Check("nothing"),)), "got the check 'nothing'"),
    ],
)
def test_what_is_no_check(check: Check, message: str) -> None:
    with pytest.raises(ValueError, match="got ") as caught:
        taker(check)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b"),
        ("/a//b", ""),
        ("//a", ""),
        ("/a/./b", ""),
        ("/a/../b", ""),
        ("/a/..", ""),
        ("/..", ""),
        ("a/b", ""),
        ("", ""),
        ("/a/...", "/a/..."),
    ],
)
def test_plain_paths(word: str, path: str) -> None:
    assert plain_path(word) == path


def test_which_checks_take_files() -> None:
    assert takes_path(Check("path_read"))
    assert takes_path(Check("any_of", inner=(Check("dash"), Check("path_list"))))
    assert not takes_path(Check("path_write"))
    assert not takes_path(Check("text"))
