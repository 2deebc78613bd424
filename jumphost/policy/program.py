"""What OPA refuses to compile and the embedded engine would run: names, arguments, rings and clashes of all modules."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jumphost.errors import Problem
from jumphost.policy.allowed import ALLOWED, instead
from jumphost.policy.syntax import Call, Reference, Rule, Source, declared, uses

Path = tuple[str, ...]  # data.a.b without "data"
Defined = Mapping[Path, Sequence[tuple[Source, Rule]]]

_WORDS = frozenset(
    {"and", "or", "lt", "lte", "gt", "gte", "eq", "neq", "equal", "assign", "plus", "minus", "mul", "div"}
)


class Program:
    """All modules that judge together; ``whole`` if a package that is not among them does not exist."""

    def __init__(self, modules: Iterable[Source], *, whole: bool) -> None:
        self._modules = list(modules)
        self._whole = whole
        self._packages = {module.package for module in self._modules}
        defined: dict[Path, list[tuple[Source, Rule]]] = defaultdict(list)
        for module in self._modules:
            for rule in module.rules:
                defined[module.package + rule.name].append((module, rule))
        self._defined: Defined = defined

    def check(self) -> Iterator[Problem]:
        """Findings, module by module."""
        for module in self._modules:
            for alias, line in module.doubled:
                yield _problem(module, line, "shadow", f"got two imports named {alias}, expected one")
            for rule in module.rules:
                yield from self._names(module, rule)
                yield from self._calls(module, rule)
                yield from self._values(module, rule)
        yield from self._several()
        yield from self._clashes()
        yield from self._rings()

    def _names(self, module: Source, rule: Rule) -> Iterator[Problem]:
        name = rule.name[0] if rule.name else ""
        if name in ALLOWED or name in _WORDS or any(other.startswith(f"{name}.") for other in ALLOWED):
            message = f"got a rule named {name}, as a builtin or operator is, expected another name"
            yield _problem(module, rule.line, "name", message)
        for variable, line in sorted(set(declared(module, rule))):
            place = (*module.package, variable)
            if place in self._defined or variable in {path[-1] for path in module.imports.values()} | {*module.imports}:
                message = f"got a variable named {variable}, as a rule or import is, expected another name"
                yield _problem(module, line, "shadow", message)

    def _calls(self, module: Source, rule: Rule) -> Iterator[Problem]:
        for used in uses(rule.all):
            if isinstance(used, Call):
                yield from self._call(module, used)

    def _call(self, module: Source, call: Call) -> Iterator[Problem]:
        path = self._resolve(module, tuple(call.name.split(".")))
        if path is None:
            expected = ALLOWED.get(call.name)
            if expected is None:
                message = f"got a call of {call.name}, expected a builtin that both engines answer alike"
                yield _problem(module, call.line, "builtin", message, instead(call.name))
                return
        else:
            rules = [rule for _, rule in self._defined.get(path, ()) if rule.kind in ("function", "default")]
            if not rules:
                if self._whole or path[:-1] in self._packages:
                    message = f"got a call of {call.name}, which is no function of this bundle"
                    yield _problem(module, call.line, "unknown", message, "check its name and the imports")
                return
            expected = len(rules[0].args)
        if len(call.params) != expected and call.name != "walk":
            message = f"got {len(call.params)} arguments for {call.name}, expected {expected}"
            yield _problem(module, call.line, "arity", message)

    def _values(self, module: Source, rule: Rule) -> Iterator[Problem]:
        """The engine resolves a name from the file that asks, and from its package: in some orders it finds nothing."""
        if rule.kind != "function":
            return
        for used in uses(rule.all):
            if isinstance(used, Reference) and used.root in module.imports:
                message = f"got the import {used.root} as a value in a function, where it can be undefined"
                full = ".".join(module.imports[used.root])
                yield _problem(module, used.line, "import_value", message, f"write {full} instead of {used.root}")

    def _several(self) -> Iterator[Problem]:
        """A package of several files: its names are one table in the engine, its values are lost in some orders."""
        files = Counter(module.package for module in self._modules)
        aliases: dict[tuple[Path, str], Path] = {}
        for module in self._modules:
            if files[module.package] == 1:
                continue
            for alias, path in module.imports.items():
                if aliases.setdefault((module.package, alias), path) != path:
                    message = f"got another import named {alias} than in another file of the package, expected the same"
                    yield _problem(module, 1, "shadow", message)
            for rule in module.rules:
                if not rule.args:
                    message = f"got {'.'.join(rule.name)} in a package of several files, expected only functions there"
                    yield _problem(module, rule.line, "package", message, "put the package into one file")

    def _resolve(self, module: Source, name: Path) -> Path | None:
        """The path below data that a written name stands for; None if it is a builtin, input or a variable."""
        if name[0] == "data":
            return name[1:]
        if name[0] in module.imports:
            path = module.imports[name[0]]
            return (*path[1:], *name[1:]) if path[0] == "data" else None
        return (*module.package, *name) if (*module.package, name[0]) in self._roots else None

    @property
    def _roots(self) -> set[Path]:
        """The first name of every rule, with its package."""
        if not hasattr(self, "_known"):
            self._known = {
                (*module.package, rule.name[0]) for module in self._modules for rule in module.rules if rule.name
            }
        return self._known

    def _clashes(self) -> Iterator[Problem]:
        for path, rules in self._defined.items():
            name = ".".join(path)
            kinds = {(rule.kind, len(rule.args)) for _, rule in rules if rule.kind != "default"}
            defaults = [one for one in rules if one[1].kind == "default"]
            module, last = rules[-1]
            if len(kinds) > 1:
                message = f"got {name} as more than one kind of rule, or with different numbers of arguments"
                yield _problem(module, last.line, "clash", message, "give one of them another name")
            for module, rule in defaults[1:]:
                yield _problem(module, rule.line, "default", f"got a second default for {name}, expected one")
            for module, rule in defaults:
                if kinds and len(rule.args) not in {count for _, count in kinds}:
                    yield _problem(module, rule.line, "clash", f"got a default for {name} that is not for its kind")
            if any(package[: len(path)] == path for package in self._packages):
                module, rule = rules[0]
                message = f"got the rule {name}, where a package is, expected another name: one hides the other"
                yield _problem(module, rule.line, "clash", message)

    def _rings(self) -> Iterator[Problem]:
        """Rules that need their own value: the engine would run until it is killed."""
        needs = {path: self._needs(rules) for path, rules in self._defined.items()}
        for path in _on_rings(needs):
            module, rule = self._defined[path][0]
            message = f"got {'.'.join(path)}, which needs its own value, expected no ring of rules"
            yield _problem(module, rule.line, "recursion", message)

    def _needs(self, rules: Sequence[tuple[Source, Rule]]) -> set[Path]:
        found: set[Path] = set()
        for module, rule in rules:
            for used in uses(rule.all):
                written = tuple(used.name.split(".")) if isinstance(used, Call) else (used.root, *_constant(used))
                path = self._resolve(module, written)
                if path is not None:
                    found |= {other for other in self._defined if other[: len(path)] == path[: len(other)]}
        return found


def _constant(reference: Reference) -> Iterator[str]:
    """The parts of a reference up to the first that is not constant."""
    for part in reference.path:
        if part is None:
            return
        yield part


def _on_rings(needs: Mapping[Path, set[Path]]) -> list[Path]:
    """Who reaches itself: what is left when those without open needs are taken away, from either end."""
    left = dict(needs)
    while True:
        wanted = set().union(*left.values()) if left else set()
        done = {path for path, of in left.items() if not (of & left.keys()) or path not in wanted}
        if not done:
            return sorted(left)
        left = {path: of - done for path, of in left.items() if path not in done}


def _problem(module: Source, line: int, code: str, message: str, fix: str = "") -> Problem:
    return Problem(module.path, line, "", message, code=f"portable.{code}", fix=fix)
