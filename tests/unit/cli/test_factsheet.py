"""The facts of a request, for people."""

from msgspec.structs import replace

from jumphost.cli.factsheet import facts
from jumphost.model.request import (
    Cloud,
    Command,
    Facts,
    Files,
    Http,
    Invocation,
    Profile,
    Request,
    Sql,
    Statement,
    Table,
    Word,
    decode,
)
from jumphost.policy.document import build
from jumphost.testing.policies import submission

REQUEST = decode(build(submission(b"uptime")).body)


def shown(command: Command, request: Request = REQUEST, mode: str = "command") -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for name, text in facts(replace(request, command=command), "d1", mode):
        rows.setdefault(name, []).append(text)
    return rows


def program(name: str, **more: object) -> Invocation:
    return replace(Invocation(id=0, program=name, argv=(Word(v=name),)), **more)


def test_what_says_nothing_is_left_out() -> None:
    assert set(shown(Command())) == {"who", "where", "when", "read as", "digest"}


def test_programs_and_what_their_profiles_say() -> None:
    matched = Profile(name="git", matched=True, verified=True, effects=("fs_read",), verb=("log",))
    command = Command(
        commands=(
            program("git", profile=matched),
            program("git", profile=replace(matched, verified=False, effects=(), verb=())),
            program("head", profile=Profile(name="head", unknown_flags=("--x", "-y"))),
            program("tail", profile=Profile(name="tail")),
            program("env", wrapper=True),
            program("frob"),
        )
    )
    assert shown(command)["program"] == [
        "git log: fs_read",
        "git: no effect; profile not verified",
        "head: its profile does not know --x, -y",
        "tail: its profile does not know all of it",
        "env: wrapper",
        "frob: no profile",
    ]


def test_sql_http_and_calls() -> None:
    tables = (Table("", "ledger", "entries", "read"), Table("", "", "x", "read"))
    known = Sql(
        0,
        "postgres",
        "-c",
        "…",
        parse_ok=True,
        statements=(Statement("select", read_only=True, tables=tables), Statement("show", read_only=True)),
    )
    command = Command(
        sql=(known, replace(known, opaque=("meta_command",)), replace(known, parse_ok=False)),
        http=(Http(0, "POST", "https://a.internal/x", "https", "a.internal", 443, "/x", body="literal"),),
        cloud=(Cloud(0, "kubectl", ("get",), namespace="shop"), Cloud(0, "aws", ("s3", "ls"))),
    )
    rows = shown(command)
    assert rows["sql"] == ["select ledger.entries, x; show", "not certain: meta_command", "not certain: "]
    assert rows["http"] == ["POST https://a.internal/x, body literal, to stdout"]
    assert (rows["kubectl"], rows["aws"]) == (["get in shop"], ["s3 ls"])


def test_files_and_what_is_worth_a_look() -> None:
    command = Command(
        raw="x",
        tier="literal",
        canonical="'x'",
        opaque=("a",),
        dynamic=("b",),
        files=Files(read=("/r", "/s"), write=("/w",), delete=("/d",)),
        facts=Facts(env_danger=("PATH",), privilege=("sudo:root",), lateral=("ssh:a",), secret_argv=("jwt",)),
    )
    rows = shown(command, mode="connection")
    assert rows["where"][0].endswith(", one login for all commands of a connection")
    for name, text in {
        "command": "x",
        "read as": "literal: 'x'",
        "not certain": "a, b",
        "reads": "/r, /s",
        "writes": "/w",
        "deletes": "/d",
        "environment": "PATH",
        "as another": "sudo:root, ssh:a",
        "secrets": "jwt",
    }.items():
        assert rows[name] == [text]


def test_standard_input_that_was_judged() -> None:
    asked = build(submission(b"bash -s", stdin=b"df > /tmp/x; alias y=z", stdin_mode="judge")).request
    rows = shown(asked.command, asked)
    assert rows["stdin"] == [f"code, 22 bytes, sha256 {asked.stdin.sha256}"]
    assert rows["stdin read as"] == ["literal: 'df' > /tmp/x ; 'alias' 'y=z'"]
    assert rows["stdin program"] == ["df: no profile", "alias: no profile"]
    assert (rows["stdin writes"], rows["stdin not certain"]) == (["/tmp/x"], ["alias"])
    data = build(submission(b"cat", stdin=b"\xff", stdin_mode="judge")).request
    assert [name for name in shown(data.command, data) if name.startswith("stdin")] == ["stdin"]
