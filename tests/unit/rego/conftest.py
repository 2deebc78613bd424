from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from jumphost.testing.rego import WITHOUT_OPA, Embedded, Opa, Rego, modules_under, opa_installed

LIBRARY = Path(__file__).parents[3] / "rego" / "jumphost"

# Two rule packages that say whatever the input tells them to.
SPEAKERS = {
    f"{name}.rego": f"""package policies.rules.{name}.speaker
import rego.v1
import future.keywords.not
allow contains verdict if some verdict in input.rules.{name}.allow
deny contains verdict if some verdict in input.rules.{name}.deny
hold contains verdict if some verdict in input.rules.{name}.hold
"""
    for name in ("alpha", "omega")
}

Ask = Callable[[str, Sequence[Any]], list[Any]]


@pytest.fixture(scope="session", params=["embedded", "opa"])
def make_rego(request: pytest.FixtureRequest) -> Callable[[dict[str, str]], Rego]:
    """Builds the library with further modules, in each engine."""
    if request.param == "opa" and not opa_installed():
        pytest.skip(WITHOUT_OPA)
    engine = Embedded if request.param == "embedded" else Opa
    return lambda modules: engine(modules_under(LIBRARY) | modules)


@pytest.fixture(scope="session")
def ask(make_rego: Callable[[dict[str, str]], Rego]) -> Ask:
    """``ask(query, inputs)`` against the library and the two speakers."""
    return make_rego(SPEAKERS).ask


@pytest.fixture(scope="session")
def watching(make_rego: Callable[[dict[str, str]], Rego]) -> Ask:
    """As ``ask``, where the rules ``d`` and ``h`` are only watched."""
    listed = 'package policies.data.observe\nimport rego.v1\nrules := ["d", "h"]\n'
    return make_rego(SPEAKERS | {"watched.rego": listed}).ask
