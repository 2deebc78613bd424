"""A secret in the text of a request that is denied: a whole gateway runs, and its text is nowhere."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.model.decision import Judgement, Verdict
from jumphost.model.request import Command, Facts, decode, encode, input_digest
from jumphost.policy.base import Submission
from jumphost.store.requests import Requests
from jumphost.testing.session import ONE_DBA, House, house, verdict

CANARY = "canary-in-the-text"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    """Its engine finds the canary, as the facts of a command would."""
    async with house(tmp_path) as made:
        judged = made.engine.judgement

        def finding(asked: Submission) -> Judgement:
            answer = judged(asked)
            request = decode(answer.document)
            given = replace(request.stdin, command=found(request.stdin.command))
            body = encode(replace(request, command=found(request.command), stdin=given))
            return replace(answer, document=body, input_digest=input_digest(body))

        made.engine.judgement = finding  # type: ignore[method-assign]
        yield made


def found(command: Command) -> Command:
    return replace(command, facts=Facts(secret_argv=("password",))) if CANARY in command.raw else command


async def send(here: House, command: str, data: bytes = b"", **options: Any) -> Any:
    async with await here.caller() as caller:
        process = await caller.create_process(command, encoding="utf-8", **options)
        process.stdin.write(data.decode())
        process.stdin.write_eof()
        return await process.wait()


async def kept(here: House) -> list[bytes]:
    """All that the gateway has written: its files as they are, and each document opened."""
    decisions = [event["decision"] for event in await here.events("command.decision")]
    documents = [await Requests.get(here.requests, decision) for decision in decisions]
    journal = [repr(await here.events()).encode()]
    files = [path.read_bytes() for path in here.site.root.rglob("*") if path.is_file()]
    return [*(one for one in documents if one), *journal, *files]


SAYS: dict[str, tuple[Verdict, ...]] = {
    "denied": (verdict("deny"),),
    "denied once its input was read": (verdict(stdin="judge"), verdict("deny")),
    "no longer asked for": (verdict(stdin="judge"), verdict(stdin="stream")),
    "held for its input, then denied": (verdict("hold", ONE_DBA, stdin="judge"), verdict("deny")),
}


@pytest.mark.parametrize("dry", [{}, {"JUMPHOST_DRY_RUN": "1"}], ids=["run", "dry run"])
@pytest.mark.parametrize(("command", "data"), [(f"login {CANARY}", b"x"), ("bash -s", f"login {CANARY}\n".encode())])
@pytest.mark.parametrize("name", SAYS)
async def test_denied_it_is_stored_nowhere(
    here: House, name: str, command: str, data: bytes, dry: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    says = SAYS[name]
    here.engine.says = lambda _: says[min(len(here.engine.asked), len(says)) - 1]
    done = await send(here, command, data, env=dry)
    assert (done.exit_status, done.stdout) == (77, "")
    assert CANARY not in done.stderr
    places = await kept(here)
    assert sum(b'"schema":1' in place for place in places) >= 1, "the document is kept"
    assert not any(CANARY.encode() in place for place in places)
    assert CANARY not in "".join(capfd.readouterr())
    decided = (await here.events("command.decision"))[-1]
    if CANARY in command or len(says) > 1:
        assert (decided["secrets"], decided["command"], len(decided["request_digest"])) == (["password"], "", 64)
    assert here.parts.holds.live() == []


@pytest.mark.parametrize(("effect", "status"), [("allow", 0), ("hold", 75)])
async def test_what_may_run_is_kept_as_ever(here: House, effect: Any, status: int) -> None:
    here.engine.says = lambda _: verdict(effect, ONE_DBA if effect == "hold" else ())
    assert (await send(here, f"echo {CANARY}", env={"JUMPHOST_WAIT": "0"})).exit_status == status
    [decided] = await here.events("command.decision")
    assert CANARY in decided["command"]
    document = await Requests.get(here.requests, decided["decision"])
    assert document is not None
    assert CANARY.encode() in document
