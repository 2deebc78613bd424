"""From the tree of a YAML file to profiles: strict, and every fault is told with the line where it stands."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast, get_args

from jumphost.command.profiled import checks
from jumphost.command.profiled.located import Located, Part, Reader, Wrong, show
from jumphost.command.profiled.profile import (
    EFFECTS,
    Check,
    Derived,
    Example,
    Flag,
    Form,
    Many,
    Operand,
    Profile,
    Reads,
    Stdin,
    Style,
    When,
)

_PROGRAM = re.compile(r":|[A-Za-z0-9_\[][A-Za-z0-9._+-]*")
_VERB = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:+-]*")
_FLAGS: Final[dict[Style, re.Pattern[str]]] = {
    "gnu": re.compile(r"-[!-,.-<>-~]|--[A-Za-z0-9][A-Za-z0-9._-]*|-NUM"),
    "posix": re.compile(r"-[!-,.-<>-~]|--[A-Za-z0-9][A-Za-z0-9._-]*|-NUM"),
    "single": re.compile(r"[!-+.-~-]+"),
    "go": re.compile(r"--?[A-Za-z0-9][A-Za-z0-9._-]*"),
    "keyword": re.compile(r"[A-Za-z_][A-Za-z0-9_-]*=|--?[A-Za-z0-9-]+"),
    "words": re.compile(r"(?!)"),
}
_OPERAND = re.compile(r"([a-z_]+)([?*+]?)")

_ABOUT: Final = ("summary", "verified", "source", "style", "allow", "refuse", "forms")
_FORM: Final = (
    *("effects", "effects_from", "unless_read", "stdin", "flags", "requires", "operands"),
    *("verbs", "bare", "globals"),
)
OF_A_FLAG: Final = ("value", "optional", "effects", "excludes", "many", "instead")
_EXAMPLE: Final = ("run", "effects", "reads", "writes", "deletes", "hosts")


def read(root: Located, file: str, wrong: Wrong) -> dict[str, Profile]:
    """The profiles of one file by program; those that are wrong are told of and left out."""
    if root.value is None:
        return {}
    reading = _Reading(wrong)
    found = {}
    for program, node in reading.mapping(root, "").items():
        if not _PROGRAM.fullmatch(program):
            wrong(node.line, program, "got this name, expected that of a program as PATH finds it")
        profile = reading.profile(program, node, file)
        if profile is not None:
            found[program] = profile
    return found


class _Reading(Reader):
    """Reads one file."""

    def profile(self, program: str, node: Located, file: str) -> Profile | None:
        before = self.faults
        given = self.known(node, program, (*_ABOUT, *_FORM))
        style = cast(Style, self.choice(given.get("style"), f"{program}.style", get_args(Style)) or "gnu")
        verified = self.true(given.get("verified"), f"{program}.verified")
        source = self.text(given.get("source"), f"{program}.source")
        if verified and not source:
            self.wrong(node, f"{program}.source", "got none, expected the program's version: it is said to be verified")
        if not (summary := self.text(given.get("summary"), f"{program}.summary")):
            self.wrong(node, f"{program}.summary", "got none, expected what the program does")
        allow = tuple(self.examples(given.get("allow"), f"{program}.allow"))
        refuse = self.texts(given.get("refuse"), f"{program}.refuse")
        if not allow or not refuse:
            self.wrong(node, program, "got no example of a kind, expected command lines to allow and to refuse")
        made = Profile(
            program=program,
            summary=summary,
            forms=tuple(self.forms(given, node, program, style)),
            style=style,
            verified=verified,
            source=source,
            allow=allow,
            refuse=refuse,
            file=file,
            line=node.line,
        )
        return made if self.faults == before else None

    def forms(self, given: Mapping[str, Located], node: Located, key: str, style: Style) -> Iterator[Form]:
        """The one form that stands in the profile itself, or those of its list."""
        if "forms" not in given:
            yield self.form(given, node, key, style, frozenset())
            return
        if both := sorted(given.keys() & set(_FORM)):
            self.wrong(given[both[0]], f"{key}.{both[0]}", "got it beside forms, expected it within each of them")
        if not given["forms"].value:
            self.wrong(given["forms"], f"{key}.forms", "got none, expected at least one")
        for number, item in enumerate(self.items(given["forms"], f"{key}.forms")):
            where = f"{key}.forms[{number}]"
            yield self.form(self.known(item, where, _FORM), item, where, style, frozenset())

    def form(self, given: Mapping[str, Located], node: Located, key: str, style: Style, above: frozenset[str]) -> Form:
        flags = tuple(self.flags(given.get("flags"), f"{key}.flags", style))
        names = {name for flag in flags for name in flag.names}
        for flag in flags:
            self.named(node, f"{key}.flags", flag.excludes, names | above)
        requires = self.texts(given.get("requires"), f"{key}.requires")
        self.named(node, f"{key}.requires", requires, names | above)
        stdin = self.stdin(given.get("stdin"), f"{key}.stdin")
        self.named(node, f"{key}.stdin", stdin.without if stdin else (), names | above)
        verbs = {}
        for verb, under in (self.mapping(given["verbs"], f"{key}.verbs") if "verbs" in given else {}).items():
            where = f"{key}.verbs.{verb}"
            if not _VERB.fullmatch(verb):
                self.wrong(under, where, "got this verb, expected one word")
            inner = {} if under.value is None else self.known(under, where, ("summary", *_FORM))
            verbs[verb] = self.form(inner, under, where, style, above | names)
        return Form(
            effects=self.choices(given.get("effects"), f"{key}.effects", EFFECTS),
            effects_from=cast(Derived, self.choice(given.get("effects_from"), f"{key}.effects_from", ("sql", "http"))),
            unless_read=self.choices(given.get("unless_read"), f"{key}.unless_read", EFFECTS),
            stdin=stdin,
            flags=flags,
            requires=requires,
            operands=self.operands(given.get("operands"), f"{key}.operands", style),
            verbs=verbs,
            bare=self.true(given.get("bare"), f"{key}.bare"),
            only_before=self.choice(given.get("globals"), f"{key}.globals", ("before",)) == "before",
        )

    def flags(self, node: Located | None, key: str, style: Style) -> Iterator[Flag]:
        seen: set[str] = set()
        for written, under in (self.mapping(node, key) if node else {}).items():
            where = f"{key}.{written}"
            names = tuple(name.strip() for name in written.split(","))
            for name in names:
                if not _FLAGS[style].fullmatch(name):
                    self.wrong(under, where, f"got the name {name!r}, expected a flag of style {style}")
                elif name in seen:
                    self.wrong(under, where, f"got the name {name!r} again, expected it once")
                seen.add(name)
            yield self.flag(names, under, where)

    def flag(self, names: tuple[str, ...], node: Located, key: str) -> Flag:
        if node.value is None:
            return Flag(names)
        if not isinstance(node.value, dict) or not node.value.keys() & set(OF_A_FLAG):
            return Flag(names, self.check(node, key))
        given = self.known(node, key, OF_A_FLAG)
        return Flag(
            names=names,
            check=self.check(given["value"], f"{key}.value") if "value" in given else None,
            optional=self.true(given.get("optional"), f"{key}.optional"),
            many=self.true(given.get("many"), f"{key}.many"),
            instead=self.true(given.get("instead"), f"{key}.instead"),
            effects=self.choices(given.get("effects"), f"{key}.effects", EFFECTS),
            excludes=self.texts(given.get("excludes"), f"{key}.excludes"),
        )

    def check(self, node: Located, key: str) -> Check | None:
        if isinstance(node.value, str):
            made = Check(node.value)
        elif isinstance(node.value, dict) and len(node.value) == 1:
            ((name, given),) = node.value.items()
            made = self.check_of(name, given, key)
        else:
            self.wrong(node, key, "got no check, expected its name or a mapping of its name to what it takes")
            return None
        try:
            checks.taker(made)
        except ValueError as error:
            self.wrong(node, key, str(error))
            return None
        return made

    def check_of(self, name: str, given: Located, key: str) -> Check:
        """A check with its arguments: texts, or checks."""
        several = given.value if isinstance(given.value, list) else [given]
        if name in checks.WITH_CHECKS:
            inner = (self.check(one, f"{key}.{name}") for one in several)
            return Check(name, inner=tuple(one for one in inner if one))
        words = []
        for one in several:
            if not isinstance(one.value, str):
                self.wrong(one, f"{key}.{name}", f"got {show(one.value)}, expected text: put it in quotes")
            words.append(str(one.value))
        return Check(name, words=tuple(words))

    def operands(self, node: Located | None, key: str, style: Style) -> tuple[Operand, ...]:
        found = []
        for number, item in enumerate(self.items(node, key)):
            where = f"{key}[{number}]"
            operand = self.operand(item, where)
            if operand is None:
                continue
            if operand.check.name == "any" and style != "words":
                self.wrong(item, where, "got any, expected a check that takes no flag")
            found.append(operand)
        marks = "".join(one.many or "." for one in found)
        if node and not re.fullmatch(r"\.*(\?*\*?|[*+]\.*)", marks):
            self.wrong(node, key, "got ? before an operand that must be there, or * and + twice, expected one reading")
        return tuple(found)

    def operand(self, node: Located, key: str) -> Operand | None:
        mark = ""
        if isinstance(node.value, str) and (found := _OPERAND.fullmatch(node.value)):
            mark = found[2]
            check = self.check(Part(found[1], node.line), key)
        elif isinstance(node.value, dict) and len(node.value) == 1:
            ((name, given),) = node.value.items()
            mark = name[-1:] if name[-1:] in ("?", "*", "+") else ""
            check = self.check(Part({name.removesuffix(mark): given}, node.line), key)
        else:
            check = self.check(node, key)
        return Operand(check, cast(Many, mark)) if check else None

    def stdin(self, node: Located | None, key: str) -> Stdin | None:
        if node is None:
            return None
        given = self.known(node, key, ("as", "when", "without"))
        reads = self.choice(given.get("as"), f"{key}.as", ("data", "code", "sql"))
        when = self.choice(given.get("when"), f"{key}.when", get_args(When)) or "always"
        if not reads and when != "never":
            self.wrong(node, f"{key}.as", "got none, expected one of data, code, sql")
        return Stdin(cast(Reads, reads), cast(When, when), self.texts(given.get("without"), f"{key}.without"))

    def named(self, node: Located, key: str, names: Iterable[str], known: frozenset[str] | set[str]) -> None:
        for name in names:
            if name not in known:
                self.wrong(node, key, f"got the flag {name!r}, expected one that the profile has")

    def examples(self, node: Located | None, key: str) -> Iterator[Example]:
        for number, item in enumerate(self.items(node, key)):
            where = f"{key}[{number}]"
            if isinstance(item.value, str):
                yield Example(item.value)
                continue
            given = self.known(item, where, _EXAMPLE)
            if "run" not in given:
                self.wrong(item, where, "got no run, expected a command line")
            lists = {name: tuple(sorted(self.texts(given[name], f"{where}.{name}"))) for name in given.keys() - {"run"}}
            yield Example(self.text(given.get("run"), f"{where}.run"), **lists)
