"""What a program takes its standard input for."""

import pytest
from msgspec.structs import replace

from jumphost.command.facts import analyse
from jumphost.command.readers import KINDS, SHELLS, takes
from jumphost.model.request import Invocation, Profile, Word


def only(text: str) -> Invocation:
    return analyse(text.encode()).commands[0]


@pytest.mark.parametrize("shell", sorted(SHELLS))
@pytest.mark.parametrize(
    "words",
    [
        "",
        "-s",
        "-s -- a b",
        "-",
        "--",
        "-x",
        "+x",
        "-eu",
        "-euo pipefail",
        "-o pipefail",
        "+o pipefail",
        "-O extglob -o pipefail",
        "-es a",
        "-ec -s -a x",  # dash reads on after -c
        "-O -es -p absent",  # -O has no value in zsh
        "-O /dev/stdin x",
        "-o",
        "-c",
        "--norc",
        "--noprofile --norc",
        "--rcfile f",
        "--rcfile f script",  # the file may be the script, or not
        "--unknown",
        "/dev/stdin",
        "-- /dev/stdin",
        "-x /dev/fd/0",
        "/proc/self/fd/0",
        "''",
    ],
)
def test_a_shell_without_a_script_runs_its_input(shell: str, words: str) -> None:
    assert takes(only(f"{shell} {words}")) == "code"


@pytest.mark.parametrize(
    "words",
    ["-c true", "-lc true", "-ec true", "x.sh", "x.sh -s", "-eu x.sh", "-euo pipefail x.sh", "-- x.sh", "--norc x.sh"],
)
def test_a_shell_with_a_script_does_not(words: str) -> None:
    assert takes(only(f"bash {words}")) == "data"


@pytest.mark.parametrize(
    "text",
    [
        *("python3", "python3 -", "python3.11", "python3 -u -", "python3 -W ignore", "python3 -m code", "python3 ''"),
        *(
            "perl",
            "perl -n",
            "perl /dev/stdin",
            "ruby -r json",
            "node --inspect",
            "php",
            "lua5.4",
            "tclsh",
            "/opt/python",
        ),
        *(
            ". /dev/stdin",
            "source /dev/fd/0",
            ". ''",
            "at now",
            "batch",
            "ed f",
            "R --no-save",
            "fish -c x",
            "parallel",
            "/opt/x/bash",
        ),
    ],
)
def test_an_interpreter_runs_its_input_unless_it_has_other_code_for_certain(text: str) -> None:
    assert takes(only(text)) == "code"


@pytest.mark.parametrize(
    "text",
    ["python3 -c 'print(1)'", "python3 x.py", "perl -e 'print 1'", "ruby x.rb", "node -e 1", "php -r 1", "lua -e x"],
)
def test_an_interpreter_with_its_own_code_reads_data(text: str) -> None:
    assert takes(only(text)) == "data"


@pytest.mark.parametrize(
    "text",
    [
        *("psql", "psql -X -d payments", "psql -f x.sql", "psql -d -c", "psql --pset -c", "psql -- -c x", "psql -e"),
        *("mysql", "mysql shop", "mysql -c", "mysql -D -e", "mariadb", "mariadb -D --execute=x"),
        *("sqlite3", "sqlite3 x.db", "sqlite3 x.db 'select 1'", "/usr/bin/psql -X"),
    ],
)
def test_a_client_reads_sql_unless_it_is_among_its_words_for_certain(text: str) -> None:
    assert takes(only(text)) == "sql"


@pytest.mark.parametrize(
    "text",
    [
        *("psql -c 'select 1'", "psql -X -d payments -c 'select 1'", "psql -X --command='select 1'"),
        *("psql -qtA -c x", "psql --no-psqlrc -c x", "psql --dbname=x -c x", "psql --command x"),
        *("mysql -e x", "mysql -N -B shop -e x", "mysql -pword -e x", "mariadb --execute=x", "mysql --batch -e x"),
    ],
)
def test_a_client_with_its_sql_reads_data(text: str) -> None:
    assert takes(only(text)) == "data"


@pytest.mark.parametrize("text", ["cat", "wc -l", "tee /srv/x", ". /srv/x.sh", "psqlx", "basher", "cat bash"])
def test_other_programs_read_data(text: str) -> None:
    assert takes(only(text)) == "data"


@pytest.mark.parametrize("text", ["bash", "bash -x", "psql -X", "python3"])
def test_a_word_that_is_not_known_may_be_none(text: str) -> None:
    one = only(text)
    unknown = replace(one, argv=(*one.argv, Word(v="", k="dynamic", src="$x", why=("param",))))
    assert takes(unknown) in ("code", "sql")


@pytest.mark.parametrize("says", KINDS)
@pytest.mark.parametrize("text", ["cat", "bash", "psql"])
def test_a_profile_that_matched_knows_better(text: str, says: str) -> None:
    profile = Profile(name="x", matched=True, stdin=says)  # type: ignore[arg-type]
    assert takes(replace(only(text), profile=profile)) == says


def test_a_profile_that_did_not_match_knows_nothing() -> None:
    assert takes(replace(only("bash"), profile=Profile(name="x", matched=False, stdin="data"))) == "code"
    assert takes(replace(only("bash"), profile=Profile(name="x", matched=True))) == "code"
