"""When a certificate is renewed, and what is done when that fails."""

from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from jumphost.cli.keeping import FIRST_PAUSE_S, LONGEST_PAUSE_S, Keeper, Kept
from jumphost.clock import NS_PER_S
from jumphost.config.create import write_key_pair
from jumphost.errors import Code, Refused, Unavailable
from jumphost.testing.clock import ManualClock

CA = asyncssh.generate_private_key("ssh-ed25519")
TTL_S = 600


class Bench:
    """A key, a clock, and ways to a certificate that do as they are told."""

    def __init__(self, folder: Path) -> None:
        self.key, self.clock = folder / "id", ManualClock()
        self.certificate = folder / "id-cert.pub"
        write_key_pair(self.key, "job")
        self.fault: Exception | None = None
        self.asked: list[str] = []

    def line(self, *, key: asyncssh.SSHKey | None = None) -> str:
        now = self.clock.now_ns() // NS_PER_S
        made = CA.generate_user_certificate(
            key or asyncssh.read_private_key(self.key), "job", serial=len(self.asked) + 1, principals=["job"],
            valid_after=now - 30, valid_before=now + TTL_S,
        )  # fmt: skip
        return str(made.export_certificate().decode())

    def keeper(self, *, exchange: bool = False, chance: Callable[[], float] = lambda: 0.5) -> Keeper:
        return Keeper(self.key, self.clock, chance, self._renew, self._exchange if exchange else None)

    async def _renew(self) -> str:
        self.asked.append("renew")
        if self.fault is not None:
            raise self.fault
        return self.line()

    async def _exchange(self) -> str:
        self.asked.append("exchange")
        return self.line()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_it_is_due_after_two_thirds_of_its_life_more_or_less() -> None:
    kept = Kept("1", 970, 1600)
    assert [round(kept.due_in(1000, chance)) for chance in (0.0, 0.5, 1.0)] == [340, 400, 460]
    assert kept.due_in(1500, 0.5) == -100
    assert Kept("1", 970, 1003).due_in(1000, 0.5) == 2
    assert Kept("1", 1000, 1010).due_in(1000, 0.5) == 10  # of an issuer that sets no time back


async def test_it_is_renewed_when_it_is_due_and_not_before(bench: Bench) -> None:
    bench.certificate.write_text(bench.line())
    keeper = bench.keeper()
    assert keeper.wait_s() == 400
    assert await keeper.turn() is None
    bench.clock.advance(400)
    fresh = await keeper.turn()
    assert fresh is not None
    assert fresh == keeper.kept()
    assert fresh.ends == bench.clock.now_ns() // NS_PER_S + TTL_S
    assert bench.asked == ["renew"]
    assert bench.certificate.stat().st_mode & 0o077 == 0o044  # as the one it replaced
    assert keeper.wait_s() == 400


async def test_pauses_grow_and_what_is_kept_stays(bench: Bench) -> None:
    bench.certificate.write_text(bench.line())
    before = bench.certificate.read_text()
    bench.clock.advance(400)
    bench.fault = Unavailable(Code.GATEWAY_UNAVAILABLE, "down")
    keeper = bench.keeper(chance=lambda: 1.0)
    bench.clock.advance(60)
    pauses = []
    for _ in range(8):
        with pytest.raises(Unavailable):
            await keeper.turn()
        pauses.append(keeper.wait_s())
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (FIRST_PAUSE_S, LONGEST_PAUSE_S) == (1, 60)
    assert bench.certificate.read_text() == before
    bench.fault = None
    await keeper.turn()
    assert keeper.wait_s() > 60


async def test_without_a_certificate_that_lives_only_an_exchange_helps(bench: Bench) -> None:
    for text in (None, "", "ssh-ed25519 AAAA", bench.line(key=asyncssh.generate_private_key("ssh-ed25519"))):
        if text is not None:
            bench.certificate.write_text(text)
        assert bench.keeper().kept() is None
        with pytest.raises(Refused, match="expected one to renew") as caught:
            await bench.keeper().turn()
        assert caught.value.code is Code.IDENTITY_EXPIRED
        bench.certificate.unlink(missing_ok=True)
        assert await bench.keeper(exchange=True).turn()
        bench.certificate.unlink()
    assert set(bench.asked) == {"exchange"}


async def test_one_that_ended_is_exchanged(bench: Bench) -> None:
    bench.certificate.write_text(bench.line())
    bench.clock.advance(TTL_S)
    assert await bench.keeper(exchange=True).turn()
    assert bench.asked == ["exchange"]


@pytest.mark.parametrize("fault", [Refused(Code.IDENTITY_LOCKED, "no"), Unavailable(Code.GATEWAY_UNAVAILABLE, "down")])
async def test_what_is_not_renewed_is_exchanged(bench: Bench, fault: Exception) -> None:
    bench.certificate.write_text(bench.line())
    bench.clock.advance(500)
    bench.fault = fault
    assert await bench.keeper(exchange=True).turn()
    assert bench.asked == ["renew", "exchange"]


async def test_an_answer_that_is_no_certificate_for_the_key_is_not_kept(bench: Bench) -> None:
    bench.certificate.write_text(before := bench.line())
    bench.clock.advance(500)
    other = bench.line(key=asyncssh.generate_private_key("ssh-ed25519"))
    for answer in ("", "jumphost: nonsense", other, "ssh-ed25519-cert-v01@openssh.com AAAA"):

        async def answers(answer: str = answer) -> str:
            return answer

        with pytest.raises(Refused):
            await Keeper(bench.key, bench.clock, lambda: 0.5, answers, None).turn()
        assert bench.certificate.read_text() == before
