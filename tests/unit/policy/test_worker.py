"""The worker's answers, in this process; how it lives and dies as a process is in tests/fail_closed."""

import json
import os
import socket
import subprocess
import sys

import msgspec
import pytest

from jumphost import child
from jumphost.errors import Code
from jumphost.policy.interpreter import Interpreter
from jumphost.policy.protocol import Call, Load, Module, Ready, Reply, encode
from jumphost.policy.worker import answer
from jumphost.testing.policies import main_only, rule, submission
from jumphost.testing.profiles import of


def reply(body: str, call: Call) -> Reply:
    return answer(Interpreter(main_only(body).modules, b"{}"), call)


def test_the_answer_comes_with_the_document_and_its_digests() -> None:
    got = reply("decision := input.command.canonical", Call(7, submission(b"df -h")))
    assert (got.number, got.code, got.last) == (7, None, False)
    assert json.loads(got.answer) == "'df' -h"
    assert json.loads(got.document)["command"]["raw"] == "df -h"
    assert len(got.request_digest) == len(got.input_digest) == 64


def test_the_document_says_what_profiles_say() -> None:
    grammars = of("effects: [fs_read]\noperands: [path_read]", "cat")
    call = Call(1, submission(b"cat /srv/app/x"))
    got = answer(Interpreter(main_only("decision := input.command.files").modules, b"{}"), call, grammars)
    assert json.loads(got.answer) == {"read": ["/srv/app/x"], "write": [], "delete": [], "unknown": False}


def test_a_whole_document_is_judged_as_it_is() -> None:
    first = reply("decision := 1", Call(1, submission()))
    again = reply("decision := 2", Call(2, None, first.document))
    assert (again.document, again.request_digest, again.input_digest) == (
        first.document,
        first.request_digest,
        first.input_digest,
    )
    assert again.answer == b"2"


def test_for_another_engine_only_the_document_is_made() -> None:
    judged = reply("decision := 1", Call(1, submission()))
    built = reply("decision := 1", Call(1, submission(), judge=False))
    assert built == msgspec.structs.replace(judged, answer=b"")


@pytest.mark.parametrize(
    ("body", "call", "code", "message", "detail"),
    [
        ("decision := 1", Call(1, submission(b"\xff")), Code.REQUEST_INVALID, "cannot be judged", ""),
        ("decision := 1", Call(1, None, b"{"), Code.REQUEST_INVALID, "cannot be judged", ""),
        (
            "decision := 1",
            Call(1, submission(b"echo $((x))")),
            Code.COMMAND_UNPARSED,
            "cannot be read with certainty: ",
            "",
        ),
        ("decision := 1 if false", Call(1, submission()), Code.POLICY_INVALID, "no decision", "jumphost.main.decision"),
        (
            "decision := regex.match(`(`, input.id)",
            Call(1, submission()),
            Code.POLICY_ERROR,
            "could not be evaluated",
            "main.rego:6: ",
        ),
    ],
)
def test_a_fault_is_a_code(body: str, call: Call, code: Code, message: str, detail: str) -> None:
    got = reply(body, call)
    assert got.code == code
    assert message in got.message
    assert detail in got.detail
    assert got.answer == b""
    assert not got.last


def test_a_caller_is_not_told_what_a_policy_holds() -> None:
    got = reply("decision := regex.match(`(secret`, input.id)", Call(1, submission()))
    assert "secret" not in got.message
    assert "secret" in got.detail


def test_after_a_panic_the_worker_ends() -> None:
    got = reply('decision := strings.count("", "")', Call(1, submission()))
    assert (got.code, got.last) == (Code.POLICY_ERROR, True)


def start(load: Load) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    memory = child.sealed(encode(load), "test")
    arguments = [str(number) for number in (theirs.fileno(), os.getpid(), memory)]
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "jumphost.policy.worker", *arguments],
        env={"MIMALLOC_ARENA_RESERVE": "65536"},
        stderr=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(), memory),
    )
    theirs.close()
    os.close(memory)
    return process, ours


def receive(ours: socket.socket) -> bytes:
    message = child.Parent(os.dup(ours.fileno())).receive()
    assert message is not None
    return message


def test_the_process_says_ready_answers_and_ends_with_its_socket() -> None:
    process, ours = start(Load(main_only("decision := 1").modules, b"{}", cpu_s=5, memory=1 << 30))
    with process, ours:
        assert msgspec.msgpack.decode(receive(ours), type=Ready) == Ready()
        child.Parent(os.dup(ours.fileno())).send(encode(Call(3, submission())))
        got = msgspec.msgpack.decode(receive(ours), type=Reply)
        assert (got.number, got.answer) == (3, b"1")
        ours.shutdown(socket.SHUT_RDWR)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (
            Load((Module("a.rego", "policies.a", rule("policies.a", "x :=")),), b"{}", 5, 1 << 30),
            "expecting expression",
        ),
        (Load((), b"[1]", 5, 1 << 30), "cannot be loaded: "),
    ],
)
def test_the_process_says_what_is_wrong_with_its_bundle(load: Load, message: str) -> None:
    process, ours = start(load)
    with process, ours:
        problems = msgspec.msgpack.decode(receive(ours), type=Ready).problems
        assert len(problems) == 1
        assert message in problems[0].message
        process.kill()
