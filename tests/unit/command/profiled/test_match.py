"""What is said of one call: whether it matches, what it does, which files, hosts and input."""

import pytest
from msgspec.structs import replace

from jumphost.command.profiled import profile
from jumphost.command.profiled.grammar import NONE, Grammars
from jumphost.command.profiled.match import NO_PROFILE, Matched, match
from jumphost.model.request import Http, Profile, Sql, Statement, Word
from jumphost.testing import profiles
from jumphost.testing.profiles import call

HEAD = """
verified: true
source: a test
effects: [fs_read]
stdin: {as: data, when: no_operands}
flags:
  -n, --lines: number
  -o, --output: {value: path_write, effects: [fs_write], excludes: [-d]}
  -d, --delete: {value: path_delete, effects: [fs_delete], many: true}
  -q: {excludes: [-v]}
  -v: {many: true}
operands: ["path_read*"]
"""


def said(body: str, line: str, **facts: list[Sql] | list[Http]) -> Matched:
    return match(call(*line.split()), profiles.of(body), **facts)  # type: ignore[arg-type]


def test_all_of_a_match() -> None:
    found = said(HEAD, "-n 5 /a -o /out /b/ -vv")
    assert found == Matched(
        Profile(
            name="x",
            matched=True,
            effects=("fs_read", "fs_write"),
            flags={"-n": ("5",), "-o": ("/out",), "-v": ("", "")},
            operands=("/a", "/b/"),
            verified=True,
        ),
        reads=("/a", "/b"),
        writes=("/out",),
        known=True,
    )


@pytest.mark.parametrize(
    ("line", "why", "unknown"),
    [
        ("-z /a", "-z: unknown flag", ("-z",)),
        ("-z -z --yy", "-z: unknown flag", ("-z", "--yy")),
        ("-n 5 -n 6", "-n: given again", ()),
        ("-n 5 --lines=6", "-n: given again", ()),
        ("-n x", "-n: the value 'x' is not one that it may have", ()),
        ("-q -v", "-q: given with -v", ()),
        ("-v -q", "-q: given with -v", ()),
        ("--delete /a -o /b /c", "-o: given with -d", ()),
        ("-- -x", "the operand '-x' is not one that may stand there", ()),
    ],
)
def test_no_match_says_why_and_no_more(line: str, why: str, unknown: tuple[str, ...]) -> None:
    assert said(HEAD, line) == Matched(Profile(name="x", verified=True, unknown_flags=unknown), why)


def test_a_number_of_operands() -> None:
    assert said("operands: [text]", "").why == "got 0 operands, which are too many or too few"
    assert said("operands: [text]", "a b").why == "got 2 operands, which are too many or too few"
    assert said("flags: {-a: }", "a").why == "got 1 operands, which are too many or too few"


def test_a_flag_that_is_required() -> None:
    body = "flags: {'-X, --exact': , -c: text}\nrequires: [--exact]"
    assert said(body, "-c x").why == "-X: required"
    assert said(body, "--exact").why == ""


def test_without_a_profile_nothing_is_said() -> None:
    assert match(call("-a", program="y"), profiles.of(HEAD)) is NO_PROFILE
    assert match(call(), NONE) is NO_PROFILE
    assert match(replace(call(), kind="dynamic"), profiles.of(HEAD)) is NO_PROFILE


def test_a_word_that_is_not_known_matches_nothing() -> None:
    one = replace(call(), argv=(Word("x"), Word("", "dynamic", "$x", ("param",))))
    found = match(one, profiles.of(HEAD))
    assert (found.profile.name, found.profile.matched, found.why) == ("x", False, "$x: not known before it runs")
    unwritten = replace(call(), argv=(Word("x"), Word("", "dynamic", "", ("xargs_args",))))
    assert match(unwritten, profiles.of(HEAD)).why == "a word: not known before it runs"


def test_the_first_form_that_fits_is_what_is_said() -> None:
    body = """
forms:
  - {requires: [-t], flags: {-t: , -f: path_read}, effects: [fs_read]}
  - {requires: [-c], flags: {-c: , -f: path_write}, effects: [fs_write], operands: ["text*"]}
"""
    assert said(body, "-t -f /a").reads == ("/a",)
    assert said(body, "-c -f /a x").writes == ("/a",)
    assert (said(body, "-c -t").why, said(body, "-c -t").profile.unknown_flags) == ("-c: unknown flag", ())
    assert (said(body, "-c -z").why, said(body, "-c -z").profile.unknown_flags) == ("-c: unknown flag", ("-z",))
    assert said(body, "-c -f -").why == "-f: the value '-' is not one that it may have"
    assert match(call("a"), Grammars({"x": profile.Profile("x", "", ())})).why == "no form"


@pytest.mark.parametrize(
    ("line", "reads", "known"),
    [
        ("/a /a", ("/a",), True),
        ("a", (), False),
        ("/a ../b", ("/a",), False),
        ("/a/../b", (), False),
        ("-", (), True),
        ("", (), True),
        ("/dev/null /a", ("/a",), True),
    ],
)
def test_paths_that_are_known(line: str, reads: tuple[str, ...], known: bool) -> None:
    found = said(HEAD, line)
    assert (found.why, found.reads, found.known) == ("", reads, known)


def test_an_effect_on_files_without_a_path_is_not_known() -> None:
    assert not said("effects: [fs_read]", "").known
    assert not said("effects: [fs_write]\nstdin: {as: data}", "").known
    assert not said("flags: {--delete: {effects: [fs_delete]}, -o: path_write}", "--delete -o /a").known
    assert said("effects: [system_read]", "").known


def test_deleted_and_database_files() -> None:
    assert said(HEAD, "-d /a -d /b /c").deletes == ("/a", "/b")
    body = "effects_from: sql\noperands: [sqlite_file]"
    assert (said(body, "/a.db").reads, said(body, "/a.db").writes) == (("/a.db",), ("/a.db",))


@pytest.mark.parametrize(
    ("body", "line", "stdin"),
    [
        (HEAD, "", "data"),
        (HEAD, "-n 5", "data"),
        (HEAD, "/a", ""),
        (HEAD, "/a -", "data"),
        (HEAD, "/dev/stdin", "data"),
        (HEAD, "/dev/fd/0 /a", "data"),
        ("stdin: {as: code}", "", "code"),
        ("stdin: {as: sql, without: ['--command']}\nflags: {'-c, --command': text}", "", "sql"),
        ("stdin: {as: sql, without: ['--command']}\nflags: {'-c, --command': text}", "-c x", ""),
        ("stdin: {when: never}\noperands: ['path_read?']", "", ""),
        ("stdin: {when: never}\noperands: ['path_read?']", "-", "data"),
        ("flags: {-f: path_read}", "-f -", "data"),
        ("flags: {-f: path_read}", "-f /a", ""),
        ("stdin: {as: data, when: no_operands}\noperands: [text, 'path_read*']", "a", "data"),
        ("stdin: {as: data, when: no_operands}\noperands: [text, 'path_read*']", "a /b", ""),
        ("stdin: {as: data, when: no_operands}\nflags: {-f: path_read}\noperands: ['path_read*']", "-f /a", "data"),
        ("stdin: {as: data, when: no_operands}\noperands: ['text?']", "a", ""),
        ("", "", ""),
    ],
)
def test_what_is_read_from_stdin(body: str, line: str, stdin: str) -> None:
    found = said(body, line)
    assert (found.why, found.profile.stdin) == ("", stdin)


def test_hosts_in_order_without_repeats() -> None:
    body = "flags: {-h: host}\noperands: ['url*']"
    assert said(body, "https://b.internal/x -h A.internal http://b.internal").profile.hosts == (
        "a.internal",
        "b.internal",
    )


READS = Statement("select", read_only=True)
WRITES = Statement("delete", read_only=False)


@pytest.mark.parametrize(
    ("sql", "effect"),
    [
        ([], "db_write"),
        ([Sql(0, "", "", "", parse_ok=True, statements=(READS,))], "db_read"),
        ([Sql(1, "", "", "", parse_ok=True, statements=(READS,))], "db_write"),
        ([Sql(0, "", "", "", parse_ok=True)], "db_write"),
        ([Sql(0, "", "", "", parse_ok=False, statements=(READS,))], "db_write"),
        ([Sql(0, "", "", "", parse_ok=True, opaque=("x",), statements=(READS,))], "db_write"),
        ([Sql(0, "", "", "", parse_ok=True, statements=(READS, WRITES))], "db_write"),
        ([Sql(0, "", "", "", parse_ok=True, statements=(READS,)), Sql(0, "", "", "", parse_ok=False)], "db_write"),
    ],
)
def test_effects_of_sql(sql: list[Sql], effect: str) -> None:
    assert said("effects_from: sql", "", sql=sql).profile.effects == (effect,)


GET = Http(0, "GET", "http://a/", "http", "a", 80, "/")


@pytest.mark.parametrize(
    ("http", "effect"),
    [
        ([], "net_write"),
        ([GET], "net_read"),
        ([replace(GET, method="HEAD"), GET], "net_read"),
        ([replace(GET, cmd=1)], "net_write"),
        ([replace(GET, method="POST")], "net_write"),
        ([replace(GET, body="literal")], "net_write"),
        ([replace(GET, output="/a")], "net_write"),
        ([replace(GET, output="/dev/null")], "net_read"),
        ([replace(GET, proxy="http://p")], "net_write"),
        ([replace(GET, url_k="dynamic")], "net_write"),
        ([GET, replace(GET, method="PUT")], "net_write"),
    ],
)
def test_effects_of_http(http: list[Http], effect: str) -> None:
    assert said("effects_from: http", "", http=http).profile.effects == (effect,)


def test_a_flag_that_stands_for_the_first_operand() -> None:
    body = "flags: {-e: {value: regex, many: true, instead: true}}\noperands: [regex, 'path_read*']\neffects: [fs_read]"
    assert said(body, "a /b").reads == ("/b",)
    assert said(body, "-e a -e c /b").reads == ("/b",)
    assert said(body, "").why == "got 0 operands, which are too many or too few"
    assert said(body, "-e a").why == ""


@pytest.mark.parametrize(
    ("line", "effects"),
    [
        ("-o /srv/x", ("fs_write",)),
        ("-o /dev/null", ()),
        ("-d /srv/x", ("fs_delete",)),
        ("-o /srv/x -d /srv/y", ("fs_delete", "fs_write")),
        ("", ()),
    ],
)
def test_a_file_to_change_is_an_effect_by_itself(line: str, effects: tuple[str, ...]) -> None:
    body = "flags: {-o: {any_of: [path_null, path_write]}, -d: path_delete}"
    assert said(body, line).profile.effects == effects


def test_null_is_no_file_to_change() -> None:
    assert said("operands: [path_write]", "/dev/null").profile.effects == ()


@pytest.mark.parametrize(
    ("statement", "effects"),
    [("select", ("db_read", "fs_read")), ("delete", ("db_write", "exec_child", "fs_read"))],
)
def test_what_holds_unless_it_only_reads(statement: str, effects: tuple[str, ...]) -> None:
    body = "effects: [fs_read]\neffects_from: sql\nunless_read: [exec_child]\noperands: [sqlite_file]"
    sql = Sql(0, "sqlite", "operand", "", parse_ok=True, statements=(Statement(statement, statement == "select"),))
    assert said(body, "/a.db", sql=[sql]).profile.effects == effects
    assert said(body, "/a.db").profile.effects == ("db_write", "exec_child", "fs_read")


def test_a_database_is_a_place_to_write() -> None:
    assert said("effects: [fs_write]\neffects_from: sql\noperands: [sqlite_file]", "/a.db").known
