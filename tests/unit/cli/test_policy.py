import io
import json
import sys
from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.policy import document
from jumphost.testing.commands import Ran, run
from jumphost.testing.policies import rule, submission, write_bundle

ALLOW = rule(
    "policies.rules.a.b",
    'allow contains {"id": "a.b.c", "message": "fine", "obligations": {}} if input.command.canonical == "\'uptime\'"',
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site", example=True)


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes, *words: object) -> Ran:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return run(*words)


def test_check_finds_nothing_in_what_init_writes(site: Site) -> None:
    ran = run("policy", "check", site.policies)
    assert (ran.status, ran.out) == (0, "")
    assert run("policy", "check", site.policies, "--json").json == []


def test_check_prints_findings_and_exits_1(tmp_path: Path) -> None:
    file = tmp_path / "x.rego"
    file.write_text("package policies.lib.x\n\nx if not input.pty\n")
    ran = run("policy", "check", tmp_path)
    assert ran.status == 1
    assert ran.out.startswith(f"{file}:1: got no `import future.keywords.not`, expected it after")
    found = run("policy", "check", file, "--json").json
    assert [one.keys() for one in found] == [{"file", "line", "code", "message", "fix"}] * 2
    assert (found[0]["code"], found[0]["fix"]) == ("portable.import", "import future.keywords.not")


def test_the_tables_that_init_writes_hold(site: Site) -> None:
    ran = run("policy", "test", "--site", site.root)
    assert ran.status == 0, ran
    assert ran.out.endswith(" passed, 0 failed\n")


def test_a_table_that_does_not_hold_says_got_and_expected(site: Site) -> None:
    table = site.policies / "tests" / "decisions" / "mine.yaml"
    table.write_text(
        "- {name: mine, identity: order-service, target: payments-db, run: dropdb x,\n"
        "   expect: {effect: allow, rules: []}}\n"
    )
    ran = run("policy", "test", "--site", site.root)
    assert ran.status == 1
    assert f"{table}:1: mine\n    order-service on payments-db: dropdb x\n    effect: got hold (" in ran.out
    told = run("policy", "test", "--site", site.root, "--json")
    assert told.status == 1
    assert told.json["failed"] == 1
    (case,) = (one for one in told.json["cases"] if not one["ok"])
    assert (case["name"], case["line"], case["got"]["effect"]) == ("mine", 1, "hold")
    assert len(case["differences"]) == 2


def test_no_tables_is_nothing_tested(site: Site) -> None:
    for table in (site.policies / "tests" / "decisions").iterdir():
        table.unlink()
    ran = run("policy", "test", "--site", site.root)
    assert (ran.status, ran.out) == (2, "")
    assert "got no cases" in ran.err


def test_eval_answers_each_line_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_bundle(tmp_path, {"rules/b.rego": ALLOW})
    lines = [document.build(submission(raw)).body for raw in (b"uptime", b"id", b"echo $((x))")]
    data = b"\n".join([*lines, b"rubbish", b"", lines[0]])
    ran = piped(monkeypatch, data, "policy", "eval", "--engine", "embedded", "--bundle", bundle, "--jsonl")
    assert ran.status == 0, ran
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [answer["effect"] for answer in answers] == ["allow", "deny", "deny", "deny", "allow"]
    assert [answer["code"] for answer in answers][:4] == [
        "a.b.c",
        "policy.no_rule",
        "command.unparsed",
        "request.invalid",
    ]
    assert answers[0]["rules"] == [{"id": "a.b.c", "effect": "allow", "message": "fine"}]
    assert answers[0]["obligations"]["stdin"] == "closed"


def test_eval_takes_the_site_s_bundle(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    line = document.build(submission(b"dropdb x")).body
    ran = piped(monkeypatch, line, "policy", "eval", "--site", site.root, "--jsonl")
    assert json.loads(ran.out)["effect"] in ("hold", "deny")


def test_eval_of_a_broken_bundle_is_its_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_bundle(tmp_path, {"rules/b.rego": rule("policies.rules.a.b", "x :=")})
    ran = piped(monkeypatch, b"{}", "policy", "eval", "--bundle", bundle, "--jsonl")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"{bundle}/rules/b.rego:7: expecting expression")


@pytest.mark.parametrize(
    "words",
    [
        ("policy", "eval", "--bundle", "."),
        ("policy", "eval", "--jsonl", "--engine", "wasm", "--bundle", "."),
        ("policy", "check", "--engine", "wasm", "."),
        ("policy", "test", "--engine", "wasm"),
        ("policy", "check"),
    ],
)
def test_a_wrong_use_ends_with_2(words: tuple[str, ...]) -> None:
    assert run(*words).status == 2
