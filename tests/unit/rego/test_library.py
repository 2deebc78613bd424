"""The library's own tests, which stand beside each module, pass on both engines."""

from pathlib import Path

from jumphost.testing.rego import failing_tests, modules_under

LIBRARY = Path(__file__).parents[3] / "rego" / "jumphost"


def test_rego_tests(make_rego):
    assert failing_tests(make_rego({}), modules_under(LIBRARY)) == []
