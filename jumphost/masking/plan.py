"""From a decision's mask obligation, and the secrets of the session, to the masker of one stream."""

import secrets as random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol, get_args

from msgspec import Struct

from jumphost.masking import engine as engines
from jumphost.masking.base import COLUMN, EXACT, Scanner, Span
from jumphost.masking.columns.scanner import ColumnScanner
from jumphost.masking.counts import Counts, Hit
from jumphost.masking.custom import Custom, named
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.exact import ExactScanner
from jumphost.masking.observed import Observed
from jumphost.masking.patterns import PatternScanner
from jumphost.masking.scanner import DetectorScanner
from jumphost.masking.strategies import STRICTEST
from jumphost.masking.stream import StreamMasker
from jumphost.masking.values import Rule
from jumphost.model.mask import Mode, Strategy

EVERY: Final = "*"  # as the name of a detector: all that are not named
LEAST_SECRET: Final = 8  # bytes: a shorter one would be found all over the output
_COLUMN: Final = "column:"
_STARS: Final = Rule("redact")
_APART: Final = b"\n\0\n"  # no value goes across it, and no text within a control sequence holds it


class PlanError(ValueError):
    """All that is wrong with a plan, in ``problems``; no secret is in them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Plan(Struct, frozen=True):
    """What is masked in one stream, and how; ``secrets`` are always starred, whatever the mode."""

    detectors: dict[str, Strategy] = {}
    columns: dict[str, Strategy] = {}
    secrets: tuple[bytes, ...] = ()
    mode: Mode = "enforce"

    def __repr__(self) -> str:
        return f"Plan({len(self.detectors)} detectors, {len(self.columns)} columns, {len(self.secrets)} secrets)"


class Masker(Protocol):
    """What masks one stream: see :class:`jumphost.masking.stream.StreamMasker`."""

    @property
    def counts(self) -> Counts:
        """What was masked or detected."""
        ...

    @property
    def scanned(self) -> int:
        """Bytes that came."""
        ...

    @property
    def idle_after(self) -> float | None:
        """Seconds of silence after which :meth:`idle` is to be called."""
        ...

    def feed(self, data: bytes) -> bytes:
        """What may go now that ``data`` has come."""
        ...

    def idle(self) -> bytes:
        """What may go now that nothing came for a while."""
        ...

    def close(self) -> bytes:
        """What is left."""
        ...


def open_masker(
    plan: Mapping[str, Any],
    *,
    key: bytes | None = None,
    on_hit: Callable[[Hit], None] | None = None,
    engine: engines.Name = engines.BEST,
    site: Sequence[Custom] = (),
) -> Masker:
    """The masker of one stream by a plan ``{detectors, columns, secrets, mode}``, every key optional.

    ``site`` are detectors of the site's own, which the plan may name beside ours. ``key`` makes pseudonyms and tells
    values apart: the same key gives the same pseudonyms; a random one by default.
    PlanError with everything that is wrong with the plan.
    """
    checked = read(plan, site)
    key = random.token_bytes(32) if key is None else key
    counts = Counts(key)
    strategies = _by_name(checked.detectors, site)
    separators = {one.name: one.separators for one in DETECTORS.values()}
    separators |= {one.name: one.separators.encode() for one in site}

    rule = partial(_rule, strategies, checked.columns, separators)
    made = partial(StreamMasker, key=key, counts=counts)

    def found() -> list[Scanner]:
        ours = [name for name in strategies if name in DETECTORS]
        theirs = [one for one in site if one.name in strategies]
        return [*([_detecting(ours, engine)] if ours else []), *([PatternScanner(theirs)] if theirs else [])]

    secrets = ExactScanner(checked.secrets) if checked.secrets else None

    def exact() -> list[Scanner]:
        return [secrets.another()] if secrets else []

    def enforced() -> list[Scanner]:
        return exact() if checked.mode == "detect" else [*exact(), *found()]

    def within(texts: list[bytes]) -> list[bytes]:
        inner = made(enforced(), lambda span: _STARS)
        masked = inner.feed(_APART.join(texts)) + inner.close()
        return masked.split(_APART)

    columns = [ColumnScanner(checked.columns)] if checked.columns else []
    if checked.mode == "enforce":
        return made([*columns, *enforced()], rule, within=within, on_hit=on_hit)
    seen = made([*columns, *found()], rule, action="detected", on_hit=on_hit)
    return Observed(made(exact(), rule, within=within, on_hit=on_hit), seen)


def read(plan: Mapping[str, Any], site: Sequence[Custom] = ()) -> Plan:
    """A plan, strictly: PlanError with everything that is wrong with it."""
    known = [*DETECTORS, *named(site)]
    problems = [f"{key}: unknown, expected {', '.join(_KEYS)}" for key in plan if key not in _KEYS]
    detectors = _strategies(plan, "detectors", problems)
    problems += [
        f"detectors.{name}: unknown, expected * or one of {', '.join(known)}"
        for name in detectors
        if name != EVERY and name not in known
    ]
    columns = _strategies(plan, "columns", problems)
    secrets = plan.get("secrets", ())
    if not isinstance(secrets, list | tuple):
        problems.append(f"secrets: got {_kind(secrets)}, expected a list of bytes")
        secrets = ()
    for at, secret in enumerate(secrets):
        if not isinstance(secret, bytes):
            problems.append(f"secrets[{at}]: got {_kind(secret)}, expected bytes")
        elif len(secret) < LEAST_SECRET:
            problems.append(f"secrets[{at}]: got {len(secret)} bytes, expected {LEAST_SECRET} or more")
    mode = plan.get("mode", "enforce")
    if mode not in get_args(Mode):
        problems.append(f"mode: got {mode!r}, expected {' or '.join(get_args(Mode))}")
    if problems:
        raise PlanError(problems)
    return Plan(detectors, columns, tuple(secrets), mode)


_KEYS: Final = Plan.__struct_fields__


def _strategies(plan: Mapping[str, Any], key: str, problems: list[str]) -> dict[str, Strategy]:
    given = plan.get(key, {})
    if not isinstance(given, Mapping):
        problems.append(f"{key}: got {_kind(given)}, expected names with a strategy each")
        return {}
    for name, strategy in given.items():
        if not isinstance(name, str) or not name:
            problems.append(f"{key}: got {name!r}, expected a name")
        elif strategy not in get_args(Strategy):
            problems.append(f"{key}.{name}: got {strategy!r}, expected one of {', '.join(get_args(Strategy))}")
    return {name: strategy for name, strategy in given.items() if isinstance(name, str)}


def _kind(value: object) -> str:
    """What stands where something else was expected, without what is in it."""
    return type(value).__name__


def _by_name(detectors: Mapping[str, Strategy], site: Sequence[Custom]) -> dict[str, Strategy]:
    """The strategy of every detector that is on, in their own order, with ``*`` spelled out.

    What ``*`` asks of a detector of the site is done no laxer than its own strategy.
    """
    every = detectors.get(EVERY)
    chosen = {name: detectors.get(name, every) for name in DETECTORS}
    for one in site:
        default = every and min(every, one.strategy, key=STRICTEST.index)
        chosen[one.name] = detectors.get(one.name, default)
    return {name: strategy for name, strategy in chosen.items() if strategy}


def _rule(
    detectors: Mapping[str, Strategy], columns: Mapping[str, Strategy], separators: Mapping[str, bytes], span: Span
) -> Rule:
    """What is done with a span: an exact value, and whatever has no strategy of its own, is starred."""
    if span.rank == EXACT:
        return Rule("redact")
    if span.rank == COLUMN:
        return Rule(columns.get(span.name.removeprefix(_COLUMN), "redact"))
    return Rule(detectors.get(span.name, "redact"), separators.get(span.name, b""))


def _detecting(names: Sequence[str], engine: engines.Name) -> Scanner:
    return DetectorScanner([DETECTORS[name] for name in names], engine, among=tuple(DETECTORS.values()))
