"""What the programs of a command do: every helper loses access where a fact is missing."""

import copy

import msgspec
import pytest

from jumphost.command.facts import analyse

LIBRARY = "data.jumphost.command"


def facts(text="head /srv/a | wc -l", *effects, **profile):
    """The facts of a text, each program of it matched by a profile with these effects."""
    command = msgspec.to_builtins(analyse(text.encode()))
    for part in command["commands"]:
        part["profile"] |= {"name": part["program"], "matched": True, "verified": True, "effects": list(effects)}
        part["profile"] |= profile
    return command


def changed(command, path, value):
    """A copy in which ``path`` is another value, or is gone (None)."""
    made = copy.deepcopy(command)
    *parents, last = path.split(".")
    place = made
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    if value is None:
        del place[int(last) if last.isdigit() else last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return made


def holds(ask, question, commands, argument=None):
    cases = [{"command": command, "argument": argument} for command in commands]
    return [answer is True for answer in ask(f"{LIBRARY}.{question}", cases)]


MATCHED = facts()
WRAPPED = changed(
    changed(facts("timeout 5 | uptime"), "commands.0.profile.matched", value=False), "commands.0.wrapper", value=True
)
WRAPPED["commands"][1]["parent"] = 0


def test_matched(ask):
    assert holds(ask, "matched(input.command)", [MATCHED, WRAPPED]) == [True, True]


@pytest.mark.parametrize(
    "command",
    [
        changed(MATCHED, "commands.1.profile.matched", value=False),
        changed(MATCHED, "commands.1.profile.verified", value=False),
        changed(MATCHED, "commands.1.profile", None),
        changed(MATCHED, "commands", value=[]),
        changed(MATCHED, "commands", None),
        changed(MATCHED, "tier", value="structured"),
        changed(MATCHED, "opaque", value=["eval"]),
        changed(WRAPPED, "commands.1.parent", value=-1),
        changed(WRAPPED, "commands.1.profile.matched", value=False),
        changed(WRAPPED, "commands.0.wrapper", value=False),
    ],
)
def test_not_matched(ask, command):
    for question in (
        "matched(input.command)",
        "reads_only(input.command)",
        "effects_within(input.command, input.argument)",
    ):
        assert holds(ask, question, [command], []) == [False]


def test_effects_within(ask):
    question = "effects_within(input.command, {effect | some effect in input.argument})"
    asked = [facts("uptime"), facts("uptime", "fs_read"), facts("uptime", "fs_read", "fs_write")]
    asked += [changed(asked[1], "commands.0.profile.effects", None)]
    assert holds(ask, question, asked, ["fs_read"]) == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "reading", "writing"),
    [
        ("uptime 2>&1 >/dev/null", True, True),
        ("uptime </srv/in/x", True, True),
        ("uptime >/srv/out/x", False, True),
        ("uptime >>/srv/out/x", False, True),
        ("uptime <>/srv/out/x", False, False),
        ("uptime >/dev/sda", False, False),
        ("uptime </dev/tcp/h/1", False, False),
        ("uptime </proc/1/environ", False, False),
    ],
)
def test_redirects_are_effects(ask, text, reading, writing):
    question = "effects_within(input.command, {effect | some effect in input.argument})"
    assert holds(ask, question, [facts(text)], ["fs_read"]) == [reading]
    assert holds(ask, question, [facts(text)], ["fs_read", "fs_write"]) == [writing]


def test_reads_only(ask):
    read = ("cloud_read", "cluster_read", "db_read", "fs_read", "net_read", "proc_read", "stdin_filter", "system_read")
    change = (
        "fs_write",
        "fs_delete",
        "proc_state",
        "service_state",
        "db_write",
        "net_write",
        "exec_child",
        "privilege",
    )
    more = (
        "container_exec",
        "secret_read",
        "system_write",
        "package_write",
        "cluster_write",
        "cloud_write",
        "unheard_of",
    )
    assert all(holds(ask, "reads_only(input.command)", [facts("x", effect) for effect in read]))
    assert not any(holds(ask, "reads_only(input.command)", [facts("x", effect) for effect in (*change, *more)]))


SELECT = {"kind": "select", "read_only": True, "tables": []}
SQL = {"parse_ok": True, "opaque": [], "statements": [SELECT]}
GET = {
    "method": "GET",
    "url_k": "literal",
    "scheme": "https",
    "host": "a.internal",
    "body": "none",
    "output": "stdout",
} | {"proxy": ""}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("facts.privilege", ["sudo:root"]),
        ("facts.lateral", ["ssh:a"]),
        ("facts.env_danger", ["PAGER"]),
        ("facts.writes", True),
        ("facts.deletes", True),
        ("files.write", ["/x"]),
        ("files.delete", ["/x"]),
        ("commands.0.run_as", "root"),
        ("commands.0.host", "a"),
        ("sql", [SQL | {"parse_ok": False}]),
        ("sql", [SQL | {"opaque": ["x"]}]),
        ("sql", [SQL | {"statements": []}]),
        ("sql", [SQL | {"statements": [SELECT, SELECT | {"read_only": False}]}]),
        ("http", [GET, GET | {"method": "POST"}]),
        ("http", [GET | {"url_k": "dynamic"}]),
        ("http", [GET | {"body": "file"}]),
        ("http", [GET | {"output": "/tmp/x"}]),
        ("http", [GET | {"proxy": "p:1"}]),
        ("http", [GET | {"scheme": "file"}]),
        *((path, None) for path in ("facts", "facts.privilege", "facts.lateral", "facts.env_danger", "facts.writes")),
        *((path, None) for path in ("facts.deletes", "files", "files.write", "files.delete", "sql", "http")),
        *((path, None) for path in ("commands.0.run_as", "commands.0.host", "commands.0.redirects")),
    ],
)
def test_what_is_more_than_reading(ask, path, value):
    whole = facts("uptime") | {"sql": [SQL], "http": [GET]}
    assert holds(ask, "reads_only(input.command)", [whole, changed(whole, path, value)]) == [True, False]


def test_program_in(ask):
    question = 'program_in(input.command.commands[0], {"psql"})'
    asked = [
        facts("psql"),
        facts("/usr/bin/psql"),
        facts("/opt/psql"),
        facts("x"),
        changed(facts("psql"), "commands.0.path", None),
    ]
    assert holds(ask, question, asked) == [True, False, False, False, False]


def test_secret_in_argv(ask):
    found = changed(MATCHED, "facts.secret_argv", value=["jwt"])
    assert holds(ask, "secret_in_argv(input.command)", [found, MATCHED, {}]) == [True, False, False]


def files(**paths):
    return MATCHED | {"files": {"read": [], "write": [], "delete": [], "unknown": False} | paths}


def test_files_within(ask):
    places = ["/srv/app", "/etc/hosts"]
    inside = [
        files(),
        files(read=["/srv/app"]),
        files(read=["/srv/app/a/b"], write=["/etc/hosts"], delete=["/srv/app/c"]),
    ]
    outside = [
        files(**{what: [path]})
        for what in ("read", "write", "delete")
        for path in ("/", "/srv/apps", "/etc/hosts2", "srv/app")
    ]
    outside += [files(unknown=True), MATCHED | {"files": {"read": []}}, {}]
    assert holds(ask, "files_within(input.command, input.argument)", inside, places) == [True] * len(inside)
    assert holds(ask, "files_within(input.command, input.argument)", outside, places) == [False] * len(outside)


def test_hosts_within(ask):
    hosts = ["*.internal", "localhost"]

    def named(*names, http=()):
        return facts("x", hosts=list(names)) | {"http": [GET | {"host": host} for host in http]}

    inside = [named(), named("a.internal", "A.B.Internal"), named("localhost", http=["c.internal"])]
    outside = [named(host) for host in ("internal", ".internal", "a.internal.example", "xinternal", "127.0.0.1", "")]
    outside += [named("a.internal", "evil.example"), named(http=["evil.example"]), named(http=[""]), {}]
    outside += [
        changed(named("a.internal"), "commands.0.profile.hosts", None),
        named() | {"http": [GET | {"url_k": "dynamic"}]},
    ]
    assert holds(ask, "hosts_within(input.command, input.argument)", inside, hosts) == [True] * len(inside)
    assert holds(ask, "hosts_within(input.command, input.argument)", outside, hosts) == [False] * len(outside)
    assert holds(ask, "names_a_host(input.command.commands[0])", [named("a"), named(), {}]) == [True, False, False]


def table(name, schema="", db=""):
    return {"db": db, "schema": schema, "name": name, "access": "read"}


def reading(*tables, **more):
    return MATCHED | {"sql": [SQL | {"statements": [SELECT | {"tables": list(tables)}]} | more]}


def test_tables_within(ask):
    tables = ["orders", "ledger.entries", "crm.public.people"]
    inside = [
        reading(table("orders")),
        reading(table("entries", "ledger"), table("people", "public", "crm")),
        reading(),
    ]
    outside = [reading(table("entries")), reading(table("orders", "x")), reading(table("orders"), table("cards"))]
    outside += [
        reading(table("orders"), opaque=["x"]),
        reading(table("orders"), parse_ok=False),
        MATCHED | {"sql": []},
        {},
    ]
    outside += [reading({"name": "orders"})]
    assert holds(ask, "tables_within(input.command, input.argument)", inside, tables) == [True] * len(inside)
    assert holds(ask, "tables_within(input.command, input.argument)", outside, tables) == [False] * len(outside)


def test_sql_of_kind(ask):
    drop = MATCHED | {"sql": [SQL, SQL | {"statements": [SELECT, {"kind": "drop"}]}]}
    assert holds(ask, 'sql_of_kind(input.command, {"drop"})', [drop, reading(), {}]) == [True, False, False]


CALL = {"tool": "kubectl", "verb": ["rollout", "status"], "namespace": "shop", "context": "", "account": ""}


def test_only_calls_and_namespaces(ask):
    question = 'only_calls(input.command, "kubectl", [["get"], ["rollout", "status"]])'
    called = facts("kubectl rollout") | {"cloud": [CALL]}
    others = [
        called | {"cloud": [CALL | change]}
        for change in ({"verb": ["delete"]}, {"context": "x"}, {"account": "y"}, {"tool": "oc"})
    ]
    others += [
        called | {"cloud": []},
        facts("kubectl | sh") | {"cloud": [CALL]},
        facts("kubectl | kubectl") | {"cloud": [CALL]},
        {},
    ]
    assert holds(ask, question, [called, *others]) == [True, *[False] * len(others)]
    asked = [called, called | {"cloud": [CALL, CALL | {"namespace": ""}]}, called | {"cloud": []}, {}]
    assert holds(ask, "namespaces_within(input.command, input.argument)", asked, ["shop"]) == [
        True,
        False,
        False,
        False,
    ]
