"""Detectors of a site's own: files of YAML in its bundle, read strictly, each tried on its examples and near misses."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast, get_args

from jumphost.command.profiled.located import Located, Reader
from jumphost.config.tree import Findings, parse
from jumphost.errors import Code, Problem, Problems
from jumphost.masking.custom import MOST, MOST_TRIGGER, VALIDATORS, Custom, PatternError, compiled
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.patterns import PatternScanner
from jumphost.model.mask import Strategy

FOLDER: Final = "detectors"  # of a bundle
SUFFIXES: Final = frozenset({".yaml", ".yml"})
MOST_DETECTORS: Final = 64  # each is one more pass over all that a command prints

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,63}")
_TRIGGER: Final = re.compile(rf"[ -~]{{1,{MOST_TRIGGER}}}")
_SEPARATORS: Final = re.compile(r"[ -/:-@\[-`{-~]{0,8}")
_RESERVED: Final = frozenset({*DETECTORS, "held", "line", "exact", "column"})
KEYS: Final = (
    *("summary", "pattern", "length", "trigger", "validator", "strategy", "separators"),
    *("examples", "near_misses"),
)


def read(content: bytes, file: str, problems: list[Problem]) -> dict[str, Custom]:
    """The detectors of one file by name; adds what is wrong with it to ``problems``."""
    found = Findings(file, problems)
    node = parse(content, found)
    if node is None or node.value is None:
        return {}
    made: dict[str, Custom] = {}
    reading = _Reading(found)
    for name, given in reading.mapping(node, "").items():
        if detector := reading.detector(name, given):
            made[name] = detector
    return made


def merge(into: dict[str, Custom], more: Mapping[str, Custom], file: str, problems: list[Problem]) -> None:
    """Adds those of one file to others; a name that is there already, and one too many, is a problem."""
    for name, detector in more.items():
        if name in into:
            message = f"got {name} again, expected each name once in the bundle"
            problems.append(Problem(file, 0, name, message, code="detector.name"))
        elif len(into) == MOST_DETECTORS:
            message = f"got more than {MOST_DETECTORS} detectors, expected fewer"
            problems.append(Problem(file, 0, name, message, code="detector.name"))
        else:
            into[name] = detector


def load(bundle: Path) -> dict[str, Custom]:
    """The detectors of a bundle, if it has a folder of them; Problems if one is wrong or doubled."""
    made, problems = dict[str, Custom](), list[Problem]()
    folder = bundle / FOLDER
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix in SUFFIXES:
            merge(made, read(path.read_bytes(), str(path), problems), str(path), problems)
    if problems:
        raise Problems(problems, code=Code.POLICY_INVALID)
    return made


class _Reading(Reader):
    """Reads one file."""

    def __init__(self, found: Findings) -> None:
        super().__init__(lambda line, key, message: found.add(line, key, message, code=self._code))
        self._code = "detector.value"

    def _as(self, code: str, node: Located, key: str, message: str) -> None:
        before, self._code = self._code, code
        self.wrong(node, key, message)
        self._code = before

    def detector(self, name: str, node: Located) -> Custom | None:
        """One of them; None if it is wrong."""
        before = self.faults
        if not _NAME.fullmatch(name) or name in _RESERVED:
            own = "one that is not of ours" if name in _RESERVED else "2 to 64 of a-z 0-9 _ that begin with a letter"
            self._as("detector.name", node, name, f"got this name, expected {own}")
        given = self.known(node, name, KEYS)
        strategy = self.choice(given.get("strategy"), f"{name}.strategy", get_args(Strategy)) or "redact"
        made = Custom(
            name=name,
            pattern=self._pattern(given.get("pattern"), node, name),
            length=self._length(given.get("length"), node, name),
            trigger=self._like(
                given.get("trigger"), f"{name}.trigger", _TRIGGER, f"1 to {MOST_TRIGGER} bytes of ASCII"
            ),
            validator=self.choice(given.get("validator"), f"{name}.validator", sorted(VALIDATORS)),
            strategy=cast(Strategy, strategy),
            separators=self._like(
                given.get("separators"), f"{name}.separators", _SEPARATORS, "at most 8 signs of ASCII"
            ),
        )
        if not self.text(given.get("summary"), f"{name}.summary"):
            self.wrong(node, f"{name}.summary", "got none, expected what the values are")
        if self.faults == before:
            self._tried(made, given, node)
        return made if self.faults == before else None

    def _pattern(self, node: Located | None, parent: Located, name: str) -> str:
        text = self.text(node, f"{name}.pattern")
        try:
            compiled(text)
        except PatternError as error:
            self._as("detector.pattern", node or parent, f"{name}.pattern", str(error))
        return text

    def _length(self, node: Located | None, parent: Located, name: str) -> int:
        value = node.value if node else None
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
            return value
        self.wrong(node or parent, f"{name}.length", f"expected how many bytes a value has at most, 1 to {MOST}")
        return 0

    def _like(self, node: Located | None, key: str, pattern: re.Pattern[str], what: str) -> str:
        text = self.text(node, key)
        if node is not None and not pattern.fullmatch(text):
            self.wrong(node, key, f"got {text!r:.60}, expected {what}")
        return text

    def _tried(self, detector: Custom, given: Mapping[str, Located], node: Located) -> None:
        """Every example holds a value, no near miss does; there is one of each at least."""
        for key, expected in ("examples", True), ("near_misses", False):
            name = f"{detector.name}.{key}"
            items = self.items(given.get(key), name)
            if not items:
                self.wrong(node, name, "got none, expected texts by which the detector is tried")
            for number, item in enumerate(items):
                text = self.text(item, f"{name}[{number}]").encode()
                found = PatternScanner([detector]).scan(text, 0, final=True).spans
                if expected and not found:
                    self._as("detector.example", item, f"{name}[{number}]", "got no value found in it, expected one")
                elif found and not expected:
                    value = text[found[0].start : found[0].end].decode(errors="replace")
                    self._as("detector.near_miss", item, f"{name}[{number}]", f"got {value!a} found, expected nothing")
