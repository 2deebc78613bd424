"""What the journal knows of one identity."""

from typing import Any

from jumphost.audit.identity import KINDS, traces
from jumphost.model.event import Event, Kind, encode

START = 1_795_312_800 * 10**9


def bodies(*events: tuple[Kind, dict[str, Any]]) -> list[bytes]:
    return [
        encode(Event(kind, START + at * 10**9, identity="job", data=data), log="gw", index=at)
        for at, (kind, data) in enumerate(events)
    ]


def login(serial: str, source: str, **more: Any) -> tuple[Kind, dict[str, Any]]:
    proof = {"ca": "SHA256:a", "issuer": "main", "family": "f", "generation": 0}
    return Kind.AUTH_OK, {"serial": serial, "source": source, **proof, **more}


def issue(serial: str, how: str, **more: Any) -> tuple[Kind, dict[str, Any]]:
    return Kind.CERT_ISSUE, {"serial": serial, "how": how, "key": "SHA256:k", "valid_before": "later", **more}


def test_nothing() -> None:
    assert traces([]) == traces(iter(()))
    assert traces([]).certificates == []
    assert set(KINDS) == {Kind.AUTH_OK, Kind.CERT_ISSUE}


def test_certificates_with_how_they_came_and_where_they_were_used() -> None:
    found = traces(
        bodies(
            issue("1", "operator"),
            login("1", "192.0.2.1"),
            login("1", "192.0.2.2"),
            issue("2", "renewal", generation=1, family="f"),
            login("2", "192.0.2.1", generation=1),
            login("9", "192.0.2.3", issuer="partner", ca="SHA256:b"),
            login("9", "192.0.2.3", issuer="other", ca="SHA256:c"),
        )
    )
    one, two, three, four = found.certificates
    assert (one.serial, one.how, one.logins, one.sources) == ("1", "operator", 2, ["192.0.2.1", "192.0.2.2"])
    assert (one.first_use[-7:], one.last_use[-7:], one.ca) == ("01.000Z", "02.000Z", "SHA256:a")
    assert (two.serial, two.how, two.generation, two.logins) == ("2", "renewal", 1, 1)
    assert (three.how, three.issued, three.ca, four.ca) == ("", "", "SHA256:b", "SHA256:c")
    assert found.issuers == ["main", "partner", "other"]
    assert {address: at[-7:] for address, at in found.sources.items()} == {
        "192.0.2.1": "04.000Z", "192.0.2.2": "02.000Z", "192.0.2.3": "06.000Z",
    }  # fmt: skip
    assert found.last_use.endswith("06.000Z")
