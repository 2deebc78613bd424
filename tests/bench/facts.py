"""What facts cost, beside the parsers that others use (which give far less: shlex words, bashlex a tree)."""

import shlex
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import bashlex

from jumphost.command.facts import analyse
from jumphost.command.profiled.grammar import Grammars
from jumphost.command.sql.client import CLIENTS
from jumphost.command.sql.facts import of_text
from jumphost.policy import document, profiles
from jumphost.policy.base import Submission
from jumphost.testing import corpora
from jumphost.testing.policies import submission
from tests.bench.measures import Row

ROUNDS = 100
CORPUS_ROUNDS = 10
GRAMMARS = Grammars(profiles.shipped())
LITERAL = tuple(  # every ordinary command of that tier that speaks no SQL
    one.run for one in corpora.ordinary() if one.shape == "literal" and CLIENTS.keys().isdisjoint(one.programs)
)
STRUCTURED = (
    'for f in /var/log/*.log; do tail -n 1 "$f"; done',
    "cat $(ls /srv/books | head -n 1)",
    'if test -e "$x"; then rm "$x"; fi',
    'echo "${USER:-nobody} at $(date)"',
)
SQL = (
    "select 1",
    "select pan from cards where id = 7",
    "select count(*), max(total) from orders o join customers c on c.id = o.customer where state in ('a', 'b')",
    "with recent as (select * from orders order by id desc limit 10) select state, count(*) from recent group by state",
)
HUGE = (
    "select 1" + " union select 1 from t" * 1480,
    "select 1" + ",interval '1 day'" * 1900,
    "select 1 where a" + " is null" * 4000,
    "select 1" + ",sum(a)over(partition by b)" * 740,
    "select 1" + ",(select 1)" * 2900,
    "with a as(select 1)" + "".join(f",a{i} as(select 1)" for i in range(500)) + "select 1 from t" + ",t" * 2000,
    "select 1;" * 127 + "select 1" + ",1" * 3000,
)


def everything() -> Iterator[Row]:
    """Medians over the texts, each tier beside the rivals on the same texts."""
    asked = tuple(submission(text.encode()) for text in LITERAL)
    literal = _median(_document, asked, CORPUS_ROUNDS)
    words, tree = (_median(parse, LITERAL, CORPUS_ROUNDS) for parse in (shlex.split, _bashlex))
    yield Row("facts and document of a literal command", literal * 1e6, "µs", 100, "lower")
    yield Row("facts and document of a literal command ÷ shlex", literal / words, "", 10, "lower")
    yield Row("facts and document of a literal command ÷ bashlex", literal / tree, "", 1, "lower")
    structured = _median(_facts, STRUCTURED)
    yield Row("facts of a structured command", structured * 1e3, "ms", 8, "lower")
    yield Row(
        "facts of a structured command ÷ bashlex", structured / _median(bashlex.parse, STRUCTURED), "", 40, "lower"
    )
    yield Row("facts of a short statement of SQL", _median(_sql, SQL) * 1e3, "ms", 2, "lower")
    yield Row(
        "facts of 32 KiB of SQL, the worst of its kinds, processor time",
        max(map(_once, HUGE)) * 1e3,
        "ms",
        1000,
        "lower",
    )


def _sql(text: str) -> object:
    return of_text(text, "postgres", "-c", 0)


def _once(text: str) -> float:
    """Seconds of the processor."""
    began = time.process_time()
    _sql(text)
    return time.process_time() - began


def _document(asked: Submission) -> object:
    return document.build(asked, GRAMMARS)


def _bashlex(text: str) -> object:
    try:
        return bashlex.parse(text)
    except (bashlex.errors.ParsingError, NotImplementedError):
        return None


def _facts(text: str) -> object:
    return analyse(text.encode(), profiles=GRAMMARS)


def _median(parse: Callable[[Any], object], given: Sequence[Any], rounds: int = ROUNDS) -> float:
    """Seconds."""
    took = []
    for _ in range(rounds):
        for one in given:
            began = time.perf_counter()
            parse(one)
            took.append(time.perf_counter() - began)
    return statistics.median(took)
