"""The starter policy: its own Rego tests and decision tables pass on both engines, and its ids are what it says."""

import re
from pathlib import Path

import pytest
import yaml

from jumphost.clock import parse_rfc3339
from jumphost.command.profiled import profile
from jumphost.command.profiled.grammar import Grammars
from jumphost.model.decision import Verdict
from jumphost.model.identity import Identity
from jumphost.model.request import Source, TargetView
from jumphost.policy import bundle
from jumphost.policy.base import Submission
from jumphost.policy.document import build
from jumphost.testing.rego import (
    UNDEFINED,
    WITHOUT_OPA,
    Embedded,
    Opa,
    failing_tests,
    modules_under,
    opa_installed,
)

ROOT = Path(__file__).parents[3]
POLICIES = ROOT / "policies"
NOW = "2026-11-22T02:00:00Z"
GROUPS = {
    "batch-reader": "readonly",
    "order-service": "payments",
    "deploy-bot": "deploy",
    "backup-job": "backup",
    "night-shift": "break-glass",
}
TARGETS = {
    "batch-host": ("batch", {"env": "dev"}),
    "payments-db": ("app", {"env": "prod", "data": "payments"}),
}
TABLES = sorted((POLICIES / "tests" / "decisions").glob("*.yaml"))
CASES = [case for table in TABLES for case in yaml.safe_load(table.read_text())]
MODULES = modules_under(ROOT / "rego", POLICIES)
PROFILES = Grammars(profile.decode(bundle.load(POLICIES).profiles))
RULES = {path: text for path, text in MODULES.items() if path.startswith(str(POLICIES / "rules"))}


@pytest.fixture(scope="module", params=["embedded", "opa"])
def rego(request):
    if request.param == "opa" and not opa_installed():
        pytest.skip(WITHOUT_OPA)
    data = {path.parent.name: yaml.safe_load(path.read_text()) for path in (POLICIES / "data").glob("*/data.yaml")}
    return {"embedded": Embedded, "opa": Opa}[request.param](MODULES, {"policies": {"data": data}})


def document(case):
    login, labels = TARGETS[case["target"]]
    submission = Submission(
        id="019ab000-0000-7000-8000-000000000000",
        connection="019ab000-0000-7000-8000-000000000001",
        now_ns=parse_rfc3339(case.get("now", NOW)),
        identity=Identity(case["identity"], "owner", "main", groups=(GROUPS[case["identity"]],)),
        source=Source("192.0.2.7", 50000),
        target=TargetView(case["target"], "ssh", case.get("login", login), labels),
        operation="exec",
        raw=case["run"].encode(),
        purpose=case.get("purpose", ""),
        stdin=case["stdin"].encode() if "stdin" in case else None,
        stdin_mode="judge" if "stdin" in case else "closed",
    )
    return yaml.safe_load(build(submission, PROFILES).body)


def test_decision_tables(rego):
    answers = rego.ask("data.jumphost.main.decision", [document(case) for case in CASES])
    for case, answer in zip(CASES, answers, strict=True):
        expected = case["expect"]
        assert answer["effect"] == expected["effect"], case["name"]
        assert sorted(rule["id"] for rule in answer["rules"]) == expected["rules"], case["name"]
        said = {name: answer["obligations"][name] for name in expected.get("obligations", {})}
        assert said == expected.get("obligations", {}), case["name"]


def test_nothing_is_allowed_or_held_without_facts(rego):
    for answer in rego.ask("data.jumphost.main.decision", [{}, {"operation": "exec"}, {"command": {}, "identity": {}}]):
        assert answer["effect"] == "deny"


def test_rego_tests(rego):
    assert failing_tests(rego, RULES) == []


@pytest.mark.parametrize(
    "path", [path for path in RULES if not path.endswith("_test.rego")], ids=lambda p: Path(p).stem
)
class TestRuleFiles:
    """One rule, one folder, small, tested, and named as its metadata says."""

    def test_place(self, path):
        folder = Path(path).parent
        assert Path(path).stem == folder.name
        assert f"package policies.rules.{folder.parent.name}.{folder.name}\n" in RULES[path]
        assert len(RULES[path].splitlines()) <= 80

    def test_tests(self, path):
        tests = RULES[path.replace(".rego", "_test.rego")]
        assert "test_missing_fields" in tests
        assert re.search(r"test_\w+_(is|are)_not_\w+", tests)

    def test_ids(self, path):
        folder = Path(path).parent
        used = re.findall(r'result\.(?:allow|deny|hold)\("([^"]+)"', RULES[path])
        documented = re.findall(r"^#   ids: \[(.+)\]$", RULES[path], re.MULTILINE)
        assert used == documented
        assert all(rule.startswith(f"{folder.parent.name}.{folder.name}.") for rule in used)
        assert all(re.search(rf"\b{re.escape(rule)}\b", str(CASES)) or "disk" in rule for rule in used)


def test_tables_name_every_case_once():
    names = [(case["target"], case["name"]) for case in CASES]
    assert len(names) == len(set(names))
    for case in CASES:
        assert set(case) <= {"name", "identity", "target", "login", "run", "stdin", "now", "purpose", "expect"}
        assert case["expect"]["effect"] in Verdict.__annotations__["effect"].__args__
        assert case["name"].startswith(
            {"allow": "allowed", "deny": "disallowed", "hold": "held"}[case["expect"]["effect"]]
        )


def test_the_rule_of_the_readme_works(rego):
    text = re.search(r"```rego\n(.+?)```", (POLICIES / "README.md").read_text(), re.DOTALL)[1]
    asked = {"identity": "batch-reader", "target": "batch-host", "run": "date -u", "now": "2026-11-22T23:00:00Z"}
    engine = type(rego)(MODULES | {"clock.rego": text})
    night, day = engine.ask(
        "data.policies.rules.platform.clock.allow", [document(asked), document(asked | {"now": "2026-11-22T12:00:00Z"})]
    )
    assert [verdict["id"] for verdict in night] == ["platform.clock.read"]
    assert day in ([], UNDEFINED)
