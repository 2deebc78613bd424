"""The helper process that reads what strangers send and runs what policies say: facts and decision in one call.

It may hang, grow or die at any text or rule; the pool sees to that. Started as
``python -I -m jumphost.policy.worker SOCKET PARENT MEMORY``.
"""

import os
import sys

import msgspec

from jumphost import child
from jumphost.command.profiled import profile
from jumphost.command.profiled.grammar import NONE, Grammars
from jumphost.command.sql import facts as sql
from jumphost.errors import Code, Problem, Refused
from jumphost.policy import document
from jumphost.policy.interpreter import ENTRYPOINT, Interpreter, Undefined, explain
from jumphost.policy.protocol import Call, Load, Ready, Reply, encode


def main(arguments: list[str]) -> None:
    """Serves calls until the parent closes its side."""
    socket, parent, memory = map(int, arguments)
    load = msgspec.msgpack.decode(child.unsealed(memory), type=Load)
    os.close(memory)
    sql.load()
    child.confine(child.Limits(memory=load.memory), parent)
    pipe = child.Parent(socket)
    child.grant_cpu(load.cpu_s)
    try:
        grammars = Grammars(profile.decode(load.profiles))
        interpreter = Interpreter(load.modules, load.data)
        problems = [*interpreter.problems, *(_review(interpreter, load) if load.review else ())]
    except BaseException as error:
        pipe.send(encode(Ready((Problem("", 0, "", f"cannot be loaded: {explain(error)[2]}", code="syntax.rego"),))))
        raise
    pipe.send(encode(Ready(tuple(problems))))
    if problems or load.review:  # what is missing may be what denies
        return
    calls = msgspec.msgpack.Decoder(Call)
    while (message := pipe.receive()) is not None:
        child.grant_cpu(load.cpu_s)
        reply = answer(interpreter, calls.decode(message), grammars)
        pipe.send(encode(reply))
        if reply.last:
            return


def answer(interpreter: Interpreter, call: Call, grammars: Grammars = NONE) -> Reply:
    """The reply to one call; never raises, whatever the text, the rules or the engine do."""
    known = Reply(call.number)
    try:
        made = document.build(call.submission, grammars) if call.submission else document.read(call.document)
        known = Reply(call.number, b"", None, "", "", made.body, made.request_digest, made.input_digest)
        if not made.understood:
            reasons = ", ".join(made.request.command.opaque) or "no command in it"
            message = f"the command cannot be read with certainty: {reasons}"
            return _fault(known, Code.COMMAND_UNPARSED, message)
        return msgspec.structs.replace(known, answer=interpreter.evaluate(made.body)) if call.judge else known
    except Refused as refused:
        return _fault(known, refused.code, refused.message, refused.detail)
    except Undefined:
        return _fault(known, Code.POLICY_INVALID, "the policy gave no decision", f"{ENTRYPOINT} is undefined")
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is a denial
        return _fault(known, Code.POLICY_ERROR, "the policy could not be evaluated", _place(error))
    except BaseException as error:  # noqa: BLE001 - pyo3's PanicException is no Exception; the process ends after it
        reply = _fault(known, Code.POLICY_ERROR, "the policy engine failed", _place(error))
        return msgspec.structs.replace(reply, last=True)


def _review(interpreter: Interpreter, load: Load) -> list[Problem]:
    from jumphost.policy.review import review

    tests = frozenset(module.path for module in load.modules if module.test)
    return review(interpreter.trees(), tests=tests, whole=load.review == "whole" and not interpreter.problems)


def _fault(known: Reply, code: Code, message: str, detail: str = "") -> Reply:
    return msgspec.structs.replace(known, code=code, message=message, detail=detail)


def _place(error: BaseException) -> str:
    file, line, message = explain(error)
    return f"{file}:{line}: {message}" if file else f"{type(error).__name__}: {message}"


if __name__ == "__main__":
    main(sys.argv[1:])
