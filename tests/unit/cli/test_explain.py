import io
import json
import sys
from pathlib import Path

import pytest

from jumphost.cli.explain import _Rules
from jumphost.config.create import create_site
from jumphost.config.edit import set_scalar
from jumphost.config.site import Site
from jumphost.errors import Code
from jumphost.model.decision import denied
from jumphost.testing.commands import Ran, run

PING = "psql -X -c 'select 1'"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return create_site(tmp_path_factory.mktemp("explain") / "site", example=True)


def explain(site: Site, *words: object, identity: str = "order-service", target: str = "payments-db") -> Ran:
    return run("explain", "--site", site.root, "--identity", identity, "--target", target, *words)


def test_an_allowed_command_exits_0_and_shows_facts_decision_rules(site: Site) -> None:
    ran = explain(site, "--", PING)
    assert ran.status == 0, ran
    for part in ("order-service (payments)", "app@payments-db", "literal: 'psql' -X -c 'select 1'", "allow  payments."):
        assert part in ran.out


def test_it_says_where_one_login_serves_a_connection(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site", example=True)
    assert explain(site, "--json", "--", PING).json["mode"] == "command"
    assert explain(site, "--json", "--", "id", target="nowhere").json["mode"] == ""
    assert "one login" not in explain(site, "--", PING).out
    set_scalar(site.targets, "payments-db", "mode", value="connection", check=lambda _: None)
    assert explain(site, "--json", "--", PING).json["mode"] == "connection"
    assert "app@payments-db, one login for all commands of a connection" in explain(site, "--", PING).out


def test_a_held_one_exits_75_with_its_terms(site: Site) -> None:
    ran = explain(site, "--json", "--", "dropdb payments")
    assert ran.status == 75
    assert ran.json["effect"] == "hold"
    assert ran.json["decision"]["obligations"]["approval"][0]["groups"] == ["dba"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("uptime -p", "policy.no_rule"),
        ("echo $(id)", "policy.no_rule"),
        ("echo $((x))", "command.unparsed"),
        ("x" * 9000, "request.invalid"),
    ],
)
def test_a_denied_one_exits_77_with_its_code(site: Site, command: str, code: str) -> None:
    ran = explain(site, "--json", "--", command)
    assert (ran.status, ran.json["effect"], ran.json["code"]) == (77, "deny", code)
    assert explain(site, "--", command).status == 77


def test_rules_that_matched_are_told_with_their_places(site: Site) -> None:
    ran = explain(site, "--json", "--", PING)
    (where,) = ran.json["where"].values()
    file, _, line = where.rpartition(":")
    assert (site.root / file).read_text().splitlines()[int(line) - 1] == "allow contains verdict if {"
    assert where in explain(site, "--", PING).out
    assert ran.json["nearest"] == []


def test_a_denial_tells_what_came_nearest_to_allowing(site: Site) -> None:
    ran = explain(site, "--json", "--", "psql -X -c 'select 2'")
    told = {near["id"]: near for near in ran.json["nearest"]}
    assert {"payments.tables.read", "payments.queries.ledger"} <= told.keys()
    first = told["payments.queries.ledger"]
    assert first["condition"].startswith("command.exactly(")
    assert first["condition"] in (site.root / first["file"]).read_text().splitlines()[first["stopped"] - 1]
    shown = explain(site, "--", "psql -X -c 'select 2'").out
    assert f"{first['file']}:{first['stopped']}" in shown
    assert explain(site, "--json", "--", "echo $((x))").json["nearest"] == []


def test_a_bundle_that_only_opa_takes_has_no_places(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site", example=True)
    (site.root / "policies" / "rules" / "payments" / "queries" / "queries.rego").write_text("package x.y\n")
    assert _Rules.of(site, site.root / "policies", denied(Code.POLICY_NO_RULE, "none")) == _Rules()


def test_what_the_gateway_would_refuse_is_a_denial(site: Site) -> None:
    assert explain(site, "--json", "--", "id", target="nowhere").json["code"] == "target.unavailable"
    ran = explain(site, "--", "id", identity="stranger")
    assert (ran.status, ran.out.split(":")[0]) == (77, "deny  identity.unknown")


def test_words_are_joined_as_ssh_joins_them(site: Site) -> None:
    ran = explain(site, "--json", "--", "psql", "-X", "-c", "'select 1'")
    assert ran.json["request"]["command"]["raw"] == PING


def test_login_time_and_input_reach_the_document(site: Site, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\xff\0")
    options = ("--login", "postgres", "--now", "2026-11-22T22:30:00Z", "--stdin", tmp_path / "in")
    request = explain(site, "--json", *options, "--", "id").json["request"]
    assert request["target"]["login"] == "postgres"
    assert (request["now"]["weekday"], request["now"]["hour"]) == ("Sunday", 22)
    assert (request["stdin"]["mode"], request["stdin"]["bytes"]) == ("judge", 2)


def test_it_shows_the_facts_of_a_script_on_standard_input(site: Site, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("df -h\nrm x > /tmp/out\n")
    options = ("--stdin", tmp_path / "in", "--", "bash -s")
    ran = explain(site, *options)
    rows = [" ".join(line.split()) for line in ran.out.splitlines()]
    for shown in (
        "stdin code, 22 bytes, sha256 ",
        "stdin read as literal: 'df' -h ; 'rm' x > /tmp/out",
        "stdin program df: ",
        "stdin program rm: ",
        "stdin writes /tmp/out",
    ):
        assert any(shown in row for row in rows), (shown, ran.out)
    facts = explain(site, "--json", *options).json["request"]["stdin"]
    assert (facts["as"], [one["program"] for one in facts["command"]["commands"]]) == ("code", ["df", "rm"])


def test_it_shows_what_is_not_certain_of_standard_input(site: Site, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("print(1)")
    out = explain(site, "--stdin", tmp_path / "in", "--", "python3 -").out
    assert "stdin not certain" in out
    assert "interpreter:python3" in out
    (tmp_path / "in").write_bytes(b"\xff")
    assert "stdin read as" not in explain(site, "--stdin", tmp_path / "in", "--", "cat").out


def explained(site: Site, tmp_path: Path, obligations: str, text: str, *options: object) -> Ran:
    """Of a site whose one more rule allows whatever the identity backup-job sends to batch-host."""
    folder = site.root / "policies/rules/lab/any"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "any.rego").write_text(
        "package policies.rules.lab.any\n\nimport rego.v1\nimport data.jumphost.result\n\n"
        'allow contains verdict if {\n\tinput.identity.name == "backup-job"\n'
        f'\tverdict := result.allow("lab.any.run", "runs", {obligations})\n}}\n'
    )
    return explain(site, "--json", *options, "--", text, identity="backup-job", target="batch-host")


def test_it_says_what_the_gateway_would_not_do_all_the_same(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site", example=True)
    (tmp_path / "in").write_text("df $(x)\n")
    given = ("--stdin", tmp_path / "in")
    assert explained(site, tmp_path, '{"stdin": "stream"}', "sh -s").json["code"] == "stdin.unjudged"
    assert explained(site, tmp_path, '{"stdin": "judge"}', "sh -s").json["code"] == "lab.any.run"
    assert explained(site, tmp_path, '{"stdin": "judge"}', "sh -s", *given).json["code"] == "command.unparsed"
    assert explained(site, tmp_path, "{}", "sh -s", *given).json["code"] == "lab.any.run"


def test_control_characters_are_shown_as_escapes(site: Site) -> None:
    ran = explain(site, "--", "echo \x1b]0;x\x07 \u202e [red]")
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "\\u202e" in ran.out
    assert "[red]" in ran.out


def test_line_by_line_in_order_whatever_comes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [
        json.dumps({"identity": "order-service", "target": "payments-db", "command": PING}),
        "rubbish",
        json.dumps({"identity": "order-service", "target": "payments-db", "command": "dropdb x"}),
        "",
        json.dumps({"identity": "order-service", "target": "payments-db", "command": "a | b; c", "stdin": "x"}),
        json.dumps({"identity": "order-service", "target": "payments-db", "command": "id", "more": 1}),
        '{"identity": "order-service", "target": "payments-db", "command": "\\ud800"}',
        json.dumps({"identity": "x", "target": "payments-db", "command": "id", "now": "2026-01-01T00:00:00Z"}),
    ]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(questions).encode())))
    ran = run("explain", "--site", site.root, "--jsonl")
    assert ran.status == 0, ran
    answers = [json.loads(line) for line in ran.out.splitlines()]
    keys = {"effect", "rules", "code", "tier", "opaque", "programs", "canonical", "request_digest"}
    assert all(answer.keys() == keys for answer in answers)
    assert [answer["effect"] for answer in answers] == ["allow", "deny", "hold", "deny", "deny", "deny", "deny"]
    assert answers[3]["programs"] == ["a", "b", "c"]
    assert [answers[n]["code"] for n in (1, 4, 5, 6)] == ["request.invalid"] * 3 + ["identity.unknown"]
    assert len(answers[0]["request_digest"]) == 64


def test_no_question_is_a_wrong_use(site: Site) -> None:
    assert run("explain", "--site", site.root, "--identity", "x").status == 2
