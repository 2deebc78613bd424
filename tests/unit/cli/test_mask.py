import base64
import io
import json
import sys
from pathlib import Path

import pytest

from jumphost.testing.commands import Ran, run
from jumphost.testing.policies import STAFF

LINE = b"card 4111-1111-1111-1111 mail ada@example.com\n"


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes, *words: object) -> Ran:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return run("mask", "try", *words)


def plan(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    return file


def question(*chunks: bytes) -> bytes:
    return json.dumps({"chunks": [base64.b64encode(chunk).decode() for chunk in chunks]}).encode() + b"\n"


def test_all_detectors_without_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = piped(monkeypatch, LINE)
    assert (ran.status, ran.out, ran.err) == (0, "card ****-****-****-**** mail ***************\n", "")


def test_a_plan_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran = piped(monkeypatch, LINE, "--plan", plan(tmp_path, "detectors: {credit_card: partial, email: label}"))
    assert ran.out == "card ****-****-****-1111 mail [MASKED:EMAIL]\n"
    assert (
        piped(monkeypatch, LINE, "--plan", plan(tmp_path, '{"mode": "detect", "detectors": {"*": "redact"}}')).out
        == LINE.decode()
    )


def test_detectors_of_a_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors/staff.yaml").write_text(STAFF)
    data = b"EMP-1234 ada@example.com\n"
    assert piped(monkeypatch, data, "--bundle", tmp_path).out == "******** ***************\n"
    laxer = plan(tmp_path, "detectors: {'*': partial}")  # than the detector's own strategy
    assert piped(monkeypatch, data, "--bundle", tmp_path, "--plan", laxer).out.startswith("[MASKED:STAFF] ****")
    file = plan(tmp_path, "detectors: {staff: redact}")
    assert piped(monkeypatch, data, "--bundle", tmp_path, "--plan", file).out == "******** ada@example.com\n"
    ran = piped(monkeypatch, question(data), "--bundle", tmp_path, "--plan", file, "--jsonl")
    assert json.loads(ran.out)["hits"] == [{"detector": "staff", "start": 0, "end": 8}]
    assert "detectors.staff: unknown" in piped(monkeypatch, data, "--plan", file).err


def test_a_bundle_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran = piped(monkeypatch, b"x", "--bundle", tmp_path / "none")
    assert (ran.status, ran.out) == (2, "")
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors/staff.yaml").write_text(STAFF.replace("{4}", "+"))
    ran = piped(monkeypatch, b"x", "--bundle", tmp_path)
    assert ran.status != 0
    assert "staff.yaml:4" in ran.err


def test_lines_of_questions_are_answered_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = piped(monkeypatch, question(LINE[:9], LINE[9:]) + b"{}\n[\n" + question(b"plain"), "--jsonl")
    first, second, third, fourth = map(json.loads, ran.out.splitlines())
    assert base64.b64decode(first["output"]) == b"card ****-****-****-**** mail ***************\n"
    assert first["hits"] == [
        {"detector": "credit_card", "start": 5, "end": 24},
        {"detector": "email", "start": 30, "end": 45},
    ]
    assert set(second) == set(third) == {"error"}
    assert fourth == {"output": base64.b64encode(b"plain").decode(), "hits": []}
    assert ran.status == 0


def test_a_wrong_plan_is_told_whole_and_without_its_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    short = base64.b64encode(b"planted").decode()
    text = f"detectors: {{credit_cart: redact}}\nmode: loud\nsecrets: [{short}]\n"
    ran = piped(monkeypatch, b"", "--plan", plan(tmp_path, text))
    assert ran.status == 1
    assert [key in ran.err for key in ("detectors.credit_cart", "mode", "secrets[0]")] == [True] * 3
    assert short not in ran.err
    assert "planted" not in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [("- a\n", "a list"), ("a: [\n", "YAML"), ("secrets: ['*']\n", "secrets[0]: got what is not base64")],
)
def test_a_file_that_is_no_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str) -> None:
    ran = piped(monkeypatch, b"", "--plan", plan(tmp_path, text))
    assert ran.status == 1
    assert said in ran.err


def test_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert piped(monkeypatch, b"", "--plan", tmp_path / "absent").status == 2
