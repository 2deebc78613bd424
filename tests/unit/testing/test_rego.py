"""Two engines, one question."""

import pytest

from jumphost.testing.rego import UNDEFINED, WITHOUT_OPA, Embedded, Opa, failing_tests, modules_under, opa_installed

MODULES = {"a.rego": "package a\nimport rego.v1\nb := data.c if input.x == 1\nbad if count(input.x) > 0\n"}

without_opa = pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)


@pytest.fixture(params=["embedded", "opa"])
def rego(request):
    if request.param == "opa" and not opa_installed():
        pytest.skip(WITHOUT_OPA)
    return {"embedded": Embedded, "opa": Opa}[request.param](MODULES, {"c": [7]})


def test_values_and_undefined(rego):
    assert rego.ask("data.a.b", [{"x": 1}, {"x": 2}, {}]) == [[7], UNDEFINED, UNDEFINED]


def test_builtin_errors_are_errors(rego):
    with pytest.raises(RuntimeError, match="count"):
        rego.ask("data.a.bad", [{"x": 1}])


def test_modules_under(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b_test.rego").write_text("package b_test")
    (tmp_path / "README.md").write_text("no")
    assert modules_under(tmp_path) == {str(tmp_path / "deep" / "b_test.rego"): "package b_test"}


TESTS = {
    "a.rego": "package a\nimport rego.v1\ntest_of_no_test_package if false\n",
    "a_test.rego": "package a_test\nimport rego.v1\ntest_true if 1 == 1\ntest_false if 1 == 2\ntest_text := `x`\n",
    "more_test.rego": "package a_test\nimport rego.v1\nimport data.a\ntest_undefined if a.nothing\n",
    "empty_test.rego": "package b_test\nimport rego.v1\ntest_alone if 1 == 2\n",
}


@pytest.mark.parametrize("engine", [Embedded, pytest.param(Opa, marks=without_opa)])
def test_failing_tests(engine):
    expected = ["a_test.test_false", "a_test.test_text", "a_test.test_undefined", "b_test.test_alone"]
    assert failing_tests(engine(TESTS), TESTS) == expected
    with pytest.raises(ValueError, match="a_test: got a name twice"):
        failing_tests(engine(TESTS), TESTS | {"again_test.rego": TESTS["a_test.rego"]})


def test_opa_is_named_where_it_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert not opa_installed()
    with pytest.raises(FileNotFoundError, match="go install"):
        Opa(MODULES).ask("data.a.b", [{}])
