"""The effects of a call that follow from its SQL or its HTTP; the worse where nothing is known of it."""

from collections.abc import Sequence
from typing import Final

from jumphost.command.profiled.profile import Derived
from jumphost.command.sql.secrets import holds_secrets
from jumphost.model.request import Http, Sql

WRITES: Final = frozenset({"db_write", "net_write"})

_FETCHES: Final = frozenset({"GET", "HEAD"})
_NOWHERE: Final = frozenset({"stdout", "/dev/null"})


def derived(source: Derived, cmd: int, sql: Sequence[Sql], http: Sequence[Http]) -> tuple[str, ...]:
    """The effects of invocation ``cmd``, by the facts of the whole command."""
    match source:
        case "sql":
            texts = [one for one in sql if one.cmd == cmd]
            effect = "db_read" if texts and all(map(_only_reads, texts)) else "db_write"
            return (effect, "secret_read") if any(map(holds_secrets, texts)) else (effect,)
        case "http":
            calls = [one for one in http if one.cmd == cmd]
            return ("net_read" if calls and all(map(_only_fetches, calls)) else "net_write",)
        case _:
            return ()


def _only_reads(sql: Sql) -> bool:
    return sql.parse_ok and not sql.opaque and bool(sql.statements) and all(one.read_only for one in sql.statements)


def _only_fetches(http: Http) -> bool:
    return (
        http.method in _FETCHES
        and http.body == "none"
        and http.output in _NOWHERE
        and not http.proxy
        and http.url_k == "literal"
    )
