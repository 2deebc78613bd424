"""A session whose decision asks for masking: caller and recording have the same bytes, and the trail the counts."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.config import settings
from jumphost.errors import Code, Refused
from jumphost.gateway import masked, veil
from jumphost.masking.blind import digests
from jumphost.masking.custom import Custom, encode
from jumphost.masking.detectors.table import DETECTORS
from jumphost.model.decision import CredentialTerms, Limits
from jumphost.model.mask import Mask
from jumphost.testing import leases
from jumphost.testing.session import ONE_DBA, House, house, owing, raises

ALL = Mask({"*": "redact"})
CARD, STARS = "4111 1111 1111 1111", "**** **** **** ****"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        owing(made.engine, mask=ALL)
        yield made


async def recorded(here: House, kind: str) -> str:
    """All text of a kind in the one recording: o, e or i."""
    [opened] = await here.events("recording.open")
    lines = (here.site.recordings / opened["recording"]).read_text().splitlines()[1:]
    return "".join(event[2] for event in map(json.loads, lines) if event[1] == kind)


async def test_caller_and_recording_have_the_same(here: House) -> None:
    done = await here.run(f"printf 'a {CARD} b\\n'; printf 'c {CARD} d' >&2; exit 3")
    assert (done.exit_status, done.stdout, done.stderr) == (3, f"a {STARS} b\n", f"c {STARS} d")
    assert CARD not in await recorded(here, "o")
    assert STARS in await recorded(here, "o")


async def test_a_card_that_is_printed_in_pieces(here: House) -> None:
    done = await here.run("printf '4111 1111'; sleep 0.05; printf ' 11'; sleep 0.05; printf '11 1111.\\n'")
    assert done.stdout == f"{STARS}.\n"


async def test_the_end_of_output_lets_go_what_was_held(here: House) -> None:
    async with await here.caller() as caller:
        process = await caller.create_process("printf 'n: 4111'; exec >&- 2>&-; exec sleep 60", encoding="utf-8")
        assert await process.stdout.read() == "n: 4111"
        process.channel.abort()


async def test_the_trail_counts_before_it_says_how_the_command_ended(here: House) -> None:
    await here.run(f"echo {CARD}; echo ada@example.com >&2; echo {CARD}")
    kinds = [event["kind"] for event in await here.events()]
    assert kinds[-4:] == ["mask.count", "command.exit", "recording.seal", "session.close"]
    [told] = await here.events("mask.count")
    [decision] = await here.events("command.decision")
    assert (told["decision"], told["identity"], told["mode"]) == (decision["decision"], "deploy-bot", "enforce")
    assert told["detectors"] == sorted(DETECTORS)
    card = {"detector": "credit_card", "action": "masked", "count": 2, "bytes": 38, "distinct": 1, "shown": 0}
    assert told["streams"]["stdout"] == {"scanned": 40, "counts": [card]}
    [email] = told["streams"]["stderr"]["counts"]
    assert (email["detector"], email["count"]) == ("email", 1)
    assert CARD not in json.dumps(await here.events("mask.count"))


async def test_only_counted(here: House) -> None:
    owing(here.engine, mask=Mask({"credit_card": "redact"}, mode="detect"))
    assert (await here.run(f"echo {CARD}")).stdout == f"{CARD}\n"
    [told] = await here.events("mask.count")
    [row] = told["streams"]["stdout"]["counts"]
    assert (told["mode"], told["detectors"], row["action"], row["count"]) == ("detect", ["credit_card"], "detected", 1)


async def test_a_detector_of_the_site(here: House) -> None:
    staff = Custom("staff_number", "EMP-[0-9]{6}", 10, trigger="EMP-", strategy="label")
    here.engine.detectors = encode([staff])
    owing(here.engine, mask=Mask({"*": "partial"}))
    assert (await here.run("echo EMP-123456 ada@example.com")).stdout.startswith("[MASKED:STAFF_NUMBER] *")
    owing(here.engine, mask=Mask({"staff_number": "redact"}))
    assert (await here.run("echo EMP-123456 ada@example.com")).stdout == "********** ada@example.com\n"
    first, second = [event["detectors"] for event in await here.events("mask.count")]
    assert first == sorted([*DETECTORS, "staff_number"])
    assert second == ["staff_number"]


async def test_a_detector_of_no_site_is_denied(here: House) -> None:
    owing(here.engine, mask=Mask({"staff_number": "redact"}))
    done = await here.run("echo EMP-123456")
    assert (done.exit_status, done.stdout) == (77, "")
    assert "policy.invalid" in done.stderr


async def test_pseudonyms_are_the_same_in_every_session(here: House) -> None:
    owing(here.engine, mask=Mask({"email": "pseudonym"}))
    first, second = [(await here.run("echo ada@example.com")).stdout for _ in range(2)]
    assert first == second
    assert "ada" not in first


async def test_without_the_obligation_nothing_is_masked_or_counted(here: House) -> None:
    owing(here.engine)
    assert (await here.run(f"echo {CARD}")).stdout == f"{CARD}\n"
    assert await here.events("mask.count") == []


async def test_a_command_that_was_cut_is_counted_too(here: House) -> None:
    owing(here.engine, mask=ALL, limits=Limits(timeout_s=1))
    done = await here.run(f"echo {CARD}; printf 4111; exec sleep 60")
    assert (done.exit_status, done.stdout.startswith(f"{STARS}\n")) == (77, True)
    kinds = [event["kind"] for event in await here.events()]
    assert kinds.index("mask.count") < kinds.index("command.cut")
    assert kinds.count("mask.count") == 1


async def test_the_limit_of_output_is_of_what_the_command_wrote(here: House) -> None:
    owing(here.engine, mask=ALL, limits=Limits(output_bytes=30))
    done = await here.run(f"echo 'x {CARD} ok'; echo {CARD}")
    assert (done.exit_status, "cut limit.output" in done.stderr) == (77, True)
    assert done.stdout.rstrip("*\n ") == f"x {STARS} ok"


async def test_a_command_that_did_not_start_is_counted_as_nothing(here: House) -> None:
    here.runner.start_fault = raises(Refused(Code.TARGET_HOST_KEY, "another key"))
    await here.run("echo out")
    [told] = await here.events("mask.count")
    assert [stream["scanned"] for stream in told["streams"].values()] == [0, 0]


async def test_much_output_full_of_values(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masked, "TURN_S", 0)
    async with await here.caller() as caller:
        process = await caller.create_process(f"yes '{CARD}' | head -n 20000", encoding="utf-8", window=20_000)
        got = ""
        while chunk := await process.stdout.read(65_536):
            got += chunk
            await asyncio.sleep(0)
        assert got == f"{STARS}\n" * 20_000
        assert (await process.wait()).exit_status == 0
    [told] = await here.events("mask.count")
    assert told["streams"]["stdout"]["counts"][0]["count"] == 20_000


@pytest.mark.parametrize("level", ["output", "io"])
async def test_judged_input_is_recorded_masked_and_arrives_as_it_is(here: House, level: Any) -> None:
    owing(here.engine, mask=ALL, stdin="judge", record=level)
    async with await here.caller() as caller:
        process = await caller.create_process("wc -c", encoding="utf-8")
        process.stdin.write(f"echo {CARD}\n")
        process.stdin.write_eof()
        assert (await process.wait()).stdout == "25\n"
    assert await recorded(here, "i") == f"echo {STARS}\n"
    [told] = await here.events("mask.count")
    assert told["streams"]["stdin"]["counts"][0]["count"] == 1


@pytest.mark.parametrize(
    "command", ["gzip -c /etc/passwd", "printf 'see\\n'; head -c 4000 /dev/urandom", "head -c 64 /dev/zero"]
)
async def test_what_nobody_can_look_into_is_cut(here: House, command: str) -> None:
    done = await here.run(command)
    assert (done.exit_status, "cut mask.opaque: the output is masked, and what came is" in done.stderr) == (77, True)
    assert done.stdout in ("", "see\n")
    [cut] = await here.events("command.cut")
    [told] = await here.events("mask.count")
    assert (cut["code"], cut["left"]) == ("mask.opaque", False)
    assert told["streams"]["stdout"]["opaque"]["bytes"] == 0


async def test_it_passes_where_the_policy_lets_it_by_name_and_the_trail_says_so(here: House) -> None:
    owing(here.engine, mask=Mask({"*": "redact"}, opaque=("gzip",)))
    async with await here.caller() as caller:
        done = await caller.run(f"echo {CARD} | gzip -c", encoding=None)
    assert gzip.decompress(bytes(done.stdout or b"")).decode() == f"{CARD}\n"
    [told] = await here.events("mask.count")
    assert told["streams"]["stdout"]["opaque"] == {"kind": "gzip", "bytes": len(done.stdout or b"")}
    assert told["streams"]["stdout"]["scanned"] == 0


async def test_the_mask_of_the_site_is_in_force_where_no_rule_speaks_of_one(tmp_path: Path) -> None:
    own = settings.Mask(detectors={"credit_card": "label"}, index=True)
    async with house(tmp_path, change=lambda known: replace(known, mask=own)) as here:
        owing(here.engine)
        assert (await here.run(f"echo {CARD}")).stdout == "[MASKED:CREDIT_CARD]\n"
        owing(here.engine, mask=Mask({"email": "redact"}))
        assert (await here.run(f"echo {CARD} ada@example.com")).stdout == f"{CARD} ***************\n"
        assert all(asked.mask == Mask({"credit_card": "label"}) for asked in here.engine.asked)
        first, _ = await here.events("mask.count")
        [digest] = first["streams"]["stdout"]["index"]
        assert bytes.fromhex(digest) in digests(here.parts.mask_key, CARD.encode(), [b" -"])


SECRET = "s3cret-of-the-lease"
LEASE = CredentialTerms("db", 60)


@pytest.fixture
def injected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of every lease."""
    monkeypatch.setattr(leases.secrets, "token_urlsafe", lambda _: SECRET)


@pytest.mark.usefixtures("injected")
@pytest.mark.parametrize("mask", [None, Mask(), Mask({"*": "redact"}, mode="detect")])
async def test_an_injected_secret_is_starred_whatever_the_policy_says(here: House, mask: Mask | None) -> None:
    owing(here.engine, mask=mask, credential=LEASE)
    done = await here.run(f"echo a {SECRET}; printf {SECRET} | base64; echo {SECRET} >&2")
    assert (done.exit_status, done.stdout.split("\n")[0], done.stderr) == (0, "a *******************", "*" * 19 + "\n")
    assert set(done.stdout.split("\n")[1]) <= set("*=0aQ")
    assert SECRET not in await recorded(here, "o")
    [echo] = await here.events("mask.echo")  # once for each secret, however often
    assert (echo["stream"], echo["secret"]) == ("stdout", "0/raw")
    assert SECRET not in json.dumps([event for event in await here.events() if event["kind"].startswith("mask.")])


@pytest.mark.usefixtures("injected")
async def test_an_echo_ends_the_command_where_the_policy_wants_it(here: House) -> None:
    owing(here.engine, limits=Limits(on_echo="cut"), credential=LEASE)
    done = await here.run(f"echo fine; sleep 0.2; echo {SECRET}; exec sleep 60")
    assert (done.exit_status, "cut mask.echo: the output holds a credential" in done.stderr) == (77, True)
    assert SECRET not in done.stdout + done.stderr
    [cut] = await here.events("command.cut")
    assert (cut["code"], len(await here.events("mask.echo"))) == ("mask.echo", 1)


SENT = "--password=hunter2secret"
KEPT = "--password=*************"


async def texts(here: House) -> str:
    """All that the journal and the recordings say."""
    casts = "".join(path.read_text() for path in here.site.recordings.rglob("*.cast"))
    return json.dumps(await here.events()) + casts


async def test_texts_are_masked_whatever_the_decision_says_of_masks(here: House) -> None:
    owing(here.engine, stdin="judge", alert=True)
    async with await here.caller() as caller:
        purpose = {"JUMPHOST_PURPOSE": f"pay {CARD}", "JUMPHOST_CORRELATION_ID": "4111111111111111"}
        process = await caller.create_process(f"echo {SENT} >/dev/null; wc -c", encoding="utf-8", env=purpose)
        process.stdin.write(f"echo {CARD}\n")
        process.stdin.write_eof()
        assert (await process.wait()).stdout == "25\n"  # what runs has them
    told = await texts(here)
    assert "hunter2secret" not in told
    assert "1111" not in told
    first, *_, decision = await here.events("command.decision")
    assert decision["command"] == f"'echo' '{KEPT}' > /dev/null ; 'wc' -c"
    assert decision["request_digest"] != first["request_digest"]  # of what was sent, with its standard input
    [request] = await here.events("command.request")
    assert (request["purpose"], request["correlation"]) == (f"pay {STARS}", "*" * 16)
    [alert] = await here.events("command.alert")
    assert alert["purpose"] == f"pay {STARS}"
    assert here.engine.asked[-1].raw.decode() == f"echo {SENT} >/dev/null; wc -c"
    assert await recorded(here, "i") == f"echo {STARS}\n"
    document = await here.parts.requests.get(decision["decision"])
    assert document is not None
    assert b"hunter2secret" in document  # sealed, and nowhere else


async def test_people_are_shown_stars_of_the_same_length(here: House) -> None:
    owing(here.engine, "hold", ONE_DBA)
    running = asyncio.ensure_future(here.run(f"echo {SENT}"))  # until somebody has answered
    hold = await here.hold()
    assert hold.command == f"'echo' '{KEPT}'"
    assert hold.request_digest == here.engine.judgement(here.engine.asked[0]).request_digest
    await here.answer(hold)
    assert (await running).stdout == f"{SENT}\n"
    assert "hunter2secret" not in json.dumps(await here.events())


async def test_a_command_that_hides_behind_stars_is_not_shown_for_approval(here: House) -> None:
    """A value would have an approver see stars where another command stands."""
    owing(here.engine, "hold", ONE_DBA)
    done = await here.run("echo '-----BEGIN PRIVATE KEY-----'; rm -rf /srv")
    assert (done.exit_status, "denied command.unparsed: what is masked in the command may hide" in done.stderr) == (
        77,
        True,
    )
    assert (here.parts.holds.live(), here.runner.started) == ([], [])


async def test_a_text_that_cannot_be_masked_runs_nothing(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(veil, "veiled", lambda *_: 1 / 0)
    done = await here.run(f"echo {SENT}")
    assert (done.exit_status, "failed mask.failed: the request cannot be shown masked" in done.stderr) == (70, True)
    assert here.runner.started == []
    assert "hunter2secret" not in await texts(here)
