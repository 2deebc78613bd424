"""Which words of a database client are SQL, read as the client itself reads its options.

An option that is not listed here may do anything: the SQL is then not wholly known. So is it without ``psql -X``, as
~/.psqlrc is SQL and commands. ~/.my.cnf and ~/.sqliterc count as how the login is set up, like ~/.pgpass.
Options are those of psql 15, mariadb 10.11 and sqlite3 3.40; what their newer versions add is not listed.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from jumphost.command.parts import dangerous
from jumphost.command.sql.words import Dialect, Reason
from jumphost.model.request import Invocation

# What an option means: a switch that changes no SQL, one with such a value (or with one only if it is joined to it),
# one that is harmless with some values, SQL, no files of the home folder, a value that may hold options, a file of SQL,
# a switch after which nothing is run.
_Role = Literal["switch", "value", "joined", "checked", "sql", "isolates", "connection", "file", "idle"]
_TAKING: Final = frozenset({"value", "checked", "sql", "connection", "file"})
_CHECKED: Final = re.compile(  # psql -P (none that names a program or a file), psql -v, mariadb --default-character-set
    r"pager=(?:off|0)|(?:footer|tuples_only|expanded|numericlocale)=(?:on|off)|expanded=auto|linestyle=ascii"
    r"|format=(?:aligned|asciidoc|csv|html|unaligned|wrapped)|border=[0-3]|(?:null|fieldsep)=.*"
    r"|ON_ERROR_STOP=(?:1|on)|utf8(?:mb4)?"
)
_SHORT: Final = {"--command": "-c", "--execute": "-e"}  # one name for one source
_UNKNOWN: Final = "\0"  # stands for a word that is not known; no text has this character


@dataclass(frozen=True, slots=True)
class Client:
    """A program that sends SQL. ``options`` are its long and short ones, without dashes, and what they mean."""

    dialect: Dialect
    options: dict[str, _Role]
    reader: "Callable[[Client, Sequence[str], Call], None]"
    obeys_home: bool = False  # a file of the home folder is run first


@dataclass(slots=True)
class Call:
    """One call of a client: (source, text) that it was given, (source, reason) of what is not there, and its faults."""

    dialect: Dialect
    texts: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: list[tuple[str, Reason]] = field(default_factory=list)
    faults: dict[str, None] = field(default_factory=dict)
    isolated: bool = False  # no file of the home folder is run
    idle: bool = False  # it only tells of itself
    reads: bool = True  # its standard input, unless it was given SQL

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why what is in ``texts`` may not be all, or not what is run."""
        return tuple(self.faults)

    def fault(self, reason: Reason) -> None:
        """Notes ``reason``."""
        self.faults[reason.value] = None


def read(client: Client, invocation: Invocation) -> Call:
    """What ``invocation``, a call of ``client``, would run."""
    call = Call(client.dialect)
    words = invocation.argv[1:]
    if any(word.k != "literal" for word in words):
        call.fault(Reason.DYNAMIC)
    if dangerous((one.name, one.value.v if one.value.k == "literal" else None) for one in invocation.env):
        call.fault(Reason.ENVIRONMENT)
    client.reader(client, [word.v if word.k == "literal" else _UNKNOWN for word in words], call)
    if call.idle and not call.texts and not call.elsewhere:
        return call
    if client.obeys_home and not call.isolated:
        call.fault(Reason.RCFILE)
    if call.reads:
        _standard_input(invocation, call)
    return call


def _standard_input(invocation: Invocation, call: Call) -> None:
    """What a client reads that was given no SQL."""
    if invocation.stdin == "closed":
        return
    documents = [one for one in invocation.redirects if one.fd == 0]
    if invocation.stdin == "heredoc" and documents[-1].k == "literal":
        call.texts.append(("heredoc", documents[-1].text))
    elif invocation.stdin == "heredoc":
        call.elsewhere.append(("heredoc", Reason.DYNAMIC))
    elif invocation.stdin == "file":
        call.elsewhere.append(("file", Reason.FILE))
    else:
        call.elsewhere.append(("stdin", Reason.STDIN))


def _mean(role: _Role | None, name: str, value: str, call: Call) -> None:
    """Does what an option means."""
    match role:
        case "sql" if value == _UNKNOWN:
            call.elsewhere.append((_SHORT.get(name, name), Reason.DYNAMIC))
        case "sql":
            call.texts.append((_SHORT.get(name, name), value))
        case "isolates":
            call.isolated = True
        case "connection":
            _database(value, call)
        case "checked" if not _CHECKED.fullmatch(value):
            call.fault(Reason.OPTION)
        case "file":
            call.elsewhere.append(("file", Reason.FILE))
        case "idle":
            call.idle = True
        case None:
            call.fault(Reason.OPTION)
        case _:
            pass


def _database(value: str, call: Call) -> None:
    """A name of a database may be a whole connection string to PostgreSQL, a URI to SQLite."""
    if "=" in value or "://" in value or value.startswith("file:"):
        call.fault(Reason.CONNECTION)


def _split(client: Client, words: Sequence[str], call: Call) -> Iterator[str]:
    """Reads options as getopt_long does, and gives the operands, wherever they stand."""
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from rest
        elif word.startswith("--"):
            _long(client, word, rest, call)
        elif word.startswith("-") and len(word) > 1:
            _cluster(client, word[1:], rest, call)
        else:
            yield word


def _long(client: Client, word: str, rest: Iterator[str], call: Call) -> None:
    name, given, value = word[2:].partition("=")
    if client.dialect == "mysql":
        name = name.replace("_", "-")
    if name not in client.options or len(name) == 1:
        longer = [option for option in client.options if option.startswith(name) and len(option) > 1]
        if len({client.options[option] for option in longer}) != 1:
            call.fault(Reason.OPTION)
            return
        call.fault(Reason.ABBREVIATION)
        name = longer[0]
    role = client.options[name]
    if role in _TAKING:
        value = value if given else _next(rest, call)
    elif given and role != "joined":
        call.fault(Reason.OPTION)
    _mean(role, f"--{name}", value, call)


def _cluster(client: Client, letters: str, rest: Iterator[str], call: Call) -> None:
    for at, letter in enumerate(letters):
        role = client.options.get(letter)
        if role in _TAKING:
            _mean(role, f"-{letter}", letters[at + 1 :] or _next(rest, call), call)
            return
        _mean(role, f"-{letter}", "", call)
        if role is None or role == "joined":
            return


def _next(rest: Iterator[str], call: Call) -> str:
    """The word that is an option's value."""
    word = next(rest, None)
    if word is None:
        call.fault(Reason.OPTION)
        return ""
    return word


def _psql(client: Client, words: Sequence[str], call: Call) -> None:
    operands = list(_split(client, words, call))
    if operands:
        _database(operands[0], call)
    if len(operands) > 2:
        call.fault(Reason.OPTION)
    call.reads = not (call.texts or call.elsewhere)


def _mariadb(client: Client, words: Sequence[str], call: Call) -> None:
    """All that -e gives is one text, with blanks between; --no-defaults counts only as the first word."""
    if words[:1] == ["--no-defaults"]:
        words = words[1:]
    if len(list(_split(client, words, call))) > 1:
        call.fault(Reason.OPTION)
    if call.texts:
        call.texts = [(call.texts[0][0], " ".join(text for _, text in call.texts))]
    call.reads = not (call.texts or call.elsewhere)


def _sqlite3(client: Client, words: Sequence[str], call: Call) -> None:
    """One dash is as good as two, nothing is joined; the first operand is the database, the others are SQL."""
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        name = word[2:] if word.startswith("--") else word[1:]
        role = client.options.get(name)
        value = _next(rest, call) if role in _TAKING else ""
        if name == "init" and value == "/dev/null":
            continue
        _mean(role, f"-{name}", value, call)
    if operands:
        _database(operands[0], call)
    for text in operands[1:]:
        _mean("sql", "operand", text, call)
    call.reads = len(operands) < 2


def _options(role: _Role, names: str) -> dict[str, _Role]:
    return dict.fromkeys(names.split(), role)


_POSTGRES: Final = Client(
    "postgres",
    {
        **_options("switch", "a echo-all A no-align b echo-errors e echo-queries E echo-hidden H html n no-readline"),
        **_options("switch", "q quiet t tuples-only x expanded z field-separator-zero 0 record-separator-zero csv"),
        **_options("switch", "1 single-transaction w no-password"),
        **_options("value", "F field-separator R record-separator h host p port U username"),
        **_options("sql", "c command"),
        **_options("connection", "d dbname"),
        **_options("checked", "P pset v set variable"),
        **_options("isolates", "X no-psqlrc"),
        **_options("file", "f file"),
        **_options("idle", "l list V version ? help"),
    },
    _psql,
    obeys_home=True,
)
_MYSQL: Final = Client(
    "mysql",
    {
        **_options("switch", "A no-auto-rehash skip-auto-rehash B batch N skip-column-names column-names C compress"),
        **_options("switch", "f force H html L skip-line-numbers b no-beep q quick r raw s silent t table"),
        **_options("switch", "n unbuffered E vertical X xml U safe-updates ssl ssl-verify-server-cert show-warnings"),
        **_options("value", "D database h host P port S socket u user connect-timeout protocol"),
        **_options("switch", "v verbose sandbox binary-as-hex"),
        **_options("joined", "p password"),
        **_options("checked", "default-character-set"),
        **_options("value", "ssl-ca ssl-capath ssl-cert ssl-key ssl-cipher tls-version"),
        **_options("sql", "e execute"),
        **_options("idle", "V version ? I help"),
    },
    _mariadb,
)
_SQLITE: Final = Client(
    "sqlite",
    {
        **_options("switch", "ascii bail batch box column csv echo header noheader html json line list markdown"),
        **_options("switch", "nofollow quote readonly safe stats table tabs"),
        **_options("value", "newline nullvalue separator"),
        **_options("sql", "cmd"),
        **_options("file", "init"),
        **_options("idle", "version help"),
    },
    _sqlite3,
)


def _any_option(client: Client, words: Sequence[str], call: Call) -> None:
    """What such a program runs is in files, or its options are not known here."""
    call.reads = False
    call.elsewhere.append(("", Reason.CLIENT))


def _pg_restore(client: Client, words: Sequence[str], call: Call) -> None:
    """With -l it only lists what is in the archive; anywhere but first -l may be the value of another option."""
    if words[:1] in (["-l"], ["--list"]):
        call.idle, call.reads = True, False
    else:
        _any_option(client, words, call)


CLIENTS: Final[dict[str, Client]] = {
    "psql": _POSTGRES,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "sqlite3": _SQLITE,
    "pg_restore": Client("postgres", {}, _pg_restore),
    **dict.fromkeys(("pgbench", "pgcli"), Client("postgres", {}, _any_option)),
    **dict.fromkeys(("mycli", "mysqlslap", "mariadb-slap", "mysqlsh"), Client("mysql", {}, _any_option)),
    **dict.fromkeys(("litecli", "sqlite"), Client("sqlite", {}, _any_option)),
}
