"""Policies in several files: what passes the portable check is answered rightly whatever the order of the files.

The embedded engine resolves a name from the file that asks and not from the one that is read: measured with 0.13, a
denial is lost, silently, in some orders.
"""

import itertools

import pytest

from jumphost.testing.rego import WITHOUT_OPA, Embedded, Opa, opa_installed
from jumphost.testing.review import reviewed

QUERY = "data.asked.denied"
HEAD = "import rego.v1\n\n"
ASKS = f"package asked\n{HEAD}denied := {{one | some owner, rule; one := data.policies.rules[owner][rule].deny}}\n"
VALUES = f"package policies.z.values\n{HEAD}names := {{`x`}}\n"
RULE = f"package policies.rules.o.r\n{HEAD}"
MORE = RULE + "more := 1\n"
HELP = f"package policies.rules.lib.help\n{HEAD}"
BY_IMPORT = "import data.policies.z.values\n"
HELPER = "import data.policies.rules.lib.help\n"
F = "f(n) if n in values.names\n"
OWN = "_own := {`x`}\n"


def deny(body):
    return f"deny contains one if {{ {body}; one := 1 }}\n"


LOST = {
    "an import in one of two files": [RULE + BY_IMPORT + deny("input.id in values.names"), MORE, VALUES],
    "an import in a function of one of two files": [RULE + BY_IMPORT + F + deny("f(input.id)"), MORE, VALUES],
    "an import in a function of another file": [RULE + BY_IMPORT + F, RULE + deny("f(input.id)"), VALUES],
    "an import in a function of another package": [
        HELP + BY_IMPORT + F,
        RULE + HELPER + deny("help.f(input.id)"),
        VALUES,
    ],
    "an import of data": [
        HELP + "import data.base\nf(n) if n in base.names\n",
        RULE + HELPER + deny("help.f(input.id)"),
    ],
    "an import of the input": [RULE + "import input.id as own\n" + deny("own == `x`"), MORE],
    "a value beside who calls the function": [RULE + "f(n) if n in _own\n", RULE + deny("f(input.id)") + OWN],
    "a value of a third file": [RULE + "f(n) if n in _own\n", RULE + deny("f(input.id)"), RULE + OWN],
    "a value of a rule": [RULE + deny("input.id in _own"), RULE + OWN, MORE],
    "a value in full": [RULE + deny("input.id in data.policies.rules.o.r._own"), RULE + OWN, MORE],
    "a value of a helper's other file": [
        HELP + OWN,
        HELP + "f(n) if n in _own\n",
        RULE + HELPER + deny("help.f(input.id)"),
    ],
    "a set of two files": [
        RULE + "s contains `y`\nf(n) if n in s\n",
        RULE + "s contains `x`\n",
        RULE + deny("f(input.id)"),
    ],
    "a value in full of a package of two files": [
        HELP + "given := {`x`}\n",
        HELP + "more := 1\n",
        RULE + deny("input.id in data.policies.rules.lib.help.given"),
    ],
    "a function beside its value in one of two files": [
        HELP + OWN + "f(n) if n in _own\n",
        HELP + "more := 1\n",
        RULE + HELPER + deny("help.f(input.id)"),
    ],
    "two imports of one name": [
        HELP + "import data.policies.lib.last\nf(n) if last.g(n)\n",
        HELP + "import data.policies.lib.other.last\nother(n) if last.g(n)\n",
        "package policies.lib.last\n" + HEAD + "g(n) if n == `x`\n",
        "package policies.lib.other.last\n" + HEAD + "g(n) if n == `y`\n",
        RULE + HELPER + deny("help.f(input.id)"),
    ],
}
KEPT = {
    "an import in one file": [RULE + BY_IMPORT + deny("input.id in values.names"), VALUES],
    "in full in a function of another package": [
        HELP + "f(n) if n in data.policies.z.values.names\n",
        RULE + HELPER + deny("help.f(input.id)"),
        VALUES,
    ],
    "data in full": [HELP + "f(n) if n in data.base.names\n", RULE + HELPER + deny("help.f(input.id)")],
    "a function with a value beside it": [HELP + OWN + "f(n) if n in _own\n", RULE + HELPER + deny("help.f(input.id)")],
    "a value by an import in another package": [
        HELP + BY_IMPORT + "given := values.names\n",
        RULE + HELPER + deny("input.id in help.given"),
        VALUES,
    ],
    "a function that asks a rule with an import": [
        HELP + BY_IMPORT + "known if `x` in values.names\nf(n) if {\n\tknown\n\tn == `x`\n}\n",
        RULE + HELPER + deny("help.f(input.id)"),
        VALUES,
    ],
    "functions of two files": [
        HELP + "f(n) if g(n)\n",
        HELP + "g(n) if n in data.policies.z.values.names\n",
        RULE + HELPER + deny("help.f(input.id)"),
        VALUES,
    ],
    "functions by imports": [
        HELP + "import data.policies.lib.last\nf(n) if last.g(n)\n",
        HELP + "import data.policies.lib.last\nother(n) if not_asked(n)\nnot_asked(n) if last.g(n)\n",
        "package policies.lib.last\n" + HEAD + "g(n) if n == `x`\n",
        RULE + HELPER + deny("help.f(input.id)"),
    ],
}


def orders(files):
    for order in itertools.permutations([ASKS, *files]):
        yield {f"{number}.rego": text for number, text in enumerate(order)}


def answer(engine, modules):
    return engine(modules, {"base": {"names": ["x"]}}).ask(QUERY, [{"id": "x"}])[0]


@pytest.mark.parametrize("files", LOST.values(), ids=LOST)
def test_what_can_be_lost_is_a_finding(files):
    assert any(answer(Embedded, modules) != [[1]] for modules in orders(files)), "the engine has learned it"
    codes = {one.code for one in reviewed(next(orders(files)))}
    assert codes & {"portable.import_value", "portable.package", "portable.shadow"}


@pytest.mark.parametrize("files", KEPT.values(), ids=KEPT)
def test_what_is_kept_is_none(files):
    for modules in orders(files):
        assert reviewed(modules) == []
        assert answer(Embedded, modules) == [[1]]


@pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)
@pytest.mark.parametrize("files", [*LOST.values(), *KEPT.values()], ids=[*LOST, *KEPT])
def test_opa_denies_each(files):
    assert answer(Opa, next(orders(files))) == [[1]]
