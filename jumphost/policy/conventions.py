"""How rule packages are written, so that nothing that was meant as a verdict is overlooked."""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from jumphost.errors import Problem
from jumphost.policy import inputs
from jumphost.policy.header import DEPTH, RULES
from jumphost.policy.syntax import Call, Rule, Source, nodes, text_of, uses

RESULT = ("data", "jumphost", "result")  # the package whose functions make verdicts
SETS = ("allow", "deny", "hold")
_ALIKE = 0.85  # of difflib's ratio: `denny` and `allows`, not `denied` and `allowed`


def check(source: Source) -> Iterator[Problem]:
    """Findings in one module by itself."""
    if source.package[0] == RULES[0]:  # the library also answers the gateway's own questions, of another shape
        yield from inputs.check(source)
    if source.package[:2] != RULES or len(source.package) != DEPTH:
        return
    for rule in source.rules:
        yield from _verdicts(source, rule)
        for given, line in ids(source, rule):
            expected = ".".join(source.package[2:]) + "."
            name = given.removeprefix(expected)
            if not given.startswith(expected) or not name.isidentifier() or not name.isascii():
                message = f"got the id {given!a}, expected {expected}NAME with letters, digits and _"
                yield Problem(source.path, line, "", message, code="id.form")


def doubled(modules: Iterable[Source]) -> Iterator[Problem]:
    """Ids that more than one rule gives."""
    first: dict[str, tuple[Source, Rule]] = {}
    for module in modules:
        for rule in module.rules:
            for given, line in ids(module, rule):
                before, other = first.setdefault(given, (module, rule))
                if other is not rule:
                    message = f"got the id {given!a} again, expected another ({before.path}:{other.line} has it)"
                    yield Problem(module.path, line, "", message, code="id.duplicate")


def _verdicts(source: Source, rule: Rule) -> Iterator[Problem]:
    name = rule.name[0] if rule.name else ""
    for part in rule.parts:
        if part in SETS and (rule.kind != "set" or len(rule.parts) > 1):
            message = f"got {part}, which is no set of the package, expected one: nobody would see its verdicts"
            fix = f"{part} contains verdict if {{ … }}"
            yield Problem(source.path, rule.line, "", message, code="schema.rule", fix=fix)
    for word in SETS:
        alike = SequenceMatcher(None, name, word).ratio() >= _ALIKE or sorted(name) == sorted(word)
        if alike and name not in SETS:
            message = f"got {name}, which nobody asks for, expected {word} or a name that is less like it"
            yield Problem(source.path, rule.line, "", message, code="schema.name", fix=word)


def ids(source: Source, rule: Rule) -> Iterator[tuple[str, int]]:
    """Ids that are written out, with lines: in calls of data.jumphost.result and in objects that have a message too."""
    if source.package[:2] != RULES:
        return
    for used in uses(rule.all):
        if isinstance(used, Call) and used.params and (given := text_of(used.params[0])):
            name, _, verb = used.name.rpartition(".")
            if verb in SETS and (name == "data.jumphost.result" or source.imports.get(name) == RESULT):
                yield given, used.line
    for kind, content in nodes(rule.all):
        if kind == "Object":
            fields = {text_of(key): value for _, key, value in content["fields"]}
            if "id" in fields and "message" in fields and (given := text_of(fields["id"])):
                yield given, content["span"]["line"]
