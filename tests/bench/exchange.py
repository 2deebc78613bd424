"""What a token costs: from the request to the answer in the server, and how many a core sells in a second."""

import http.client
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client.parser import text_string_to_metric_families

from jumphost.clock import SystemClock
from jumphost.evidence import sshsig
from jumphost.identity.proof import NAMESPACE
from jumphost.testing.issuer import AUDIENCE, LocalIssuer
from jumphost.testing.signing import public_line
from jumphost.testing.site import LiveSite, live_site, open_folder
from tests.bench.measures import Row

SALES = 300
ISSUER = "https://ci.bench.example"
HERE = "127.0.0.1:0"
CLAIMS: dict[str, Any] = {"repository": "acme/payments"}


def everything() -> Iterator[Row]:
    """Both figures, of tokens that are signed as those of GitHub are (RS256)."""
    issuer = LocalIssuer(SystemClock(), ISSUER, "RS256")
    with open_folder() as folder, live_site(folder, serve=False) as site:
        _declare(site, issuer)
        site.start()
        busy = _sell(site, issuer)
        median = _median(site)
    yield Row("certificate for a token, in the server (median of its histogram)", median * 1000, "ms", 5.0, "lower")
    yield Row("certificates for tokens on one core", SALES / busy, "/s", 200.0, "higher")


def _declare(site: LiveSite, issuer: LocalIssuer) -> None:
    keys = site.root / "keys/issuer.json"
    keys.write_bytes(issuer.jwks())
    keys.chmod(0o600)
    match = [{"require": CLAIMS, "identity": "order-service"}]
    entry = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": "keys/issuer.json", "match": match}
    site.write_settings(exchange={"listen": HERE}, status={"listen": HERE}, issuers={"ci": entry})


def _sell(site: LiveSite, issuer: LocalIssuer) -> float:
    """Seconds of CPU that gateway and signer spent on all of them."""
    assert site.process is not None
    gateway = psutil.Process(site.process.pid)
    served = [gateway, *gateway.children(recursive=True)]
    key = Ed25519PrivateKey.generate()
    host = site.ready["exchange"].removeprefix("http://")
    began = 0.0
    for number in range(SALES + 1):
        connection = http.client.HTTPConnection(host)
        order = json.dumps(_order(connection, issuer, key)).encode()
        connection.request("POST", "/v1/certificate", order)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        connection.close()
        if number == 0:  # the first has the keys of the issuer read
            began = _busy(served)
    return _busy(served) - began


def _median(site: LiveSite) -> float:
    """Seconds in the server: within the bucket that holds the median, as if its sales were spread evenly."""
    with urllib.request.urlopen(site.ready["status"] + "/metrics") as answer:
        families = text_string_to_metric_families(answer.read().decode())
    (family,) = (one for one in families if one.name == "jumphost_exchange_seconds")
    buckets = [(float(one.labels["le"]), one.value) for one in family.samples if one.name.endswith("_bucket")]
    half, below, under = buckets[-1][1] / 2, 0.0, 0.0
    for bound, count in buckets:
        if count >= half:
            return below + (bound - below) * (half - under) / (count - under)
        below, under = bound, count
    raise AssertionError(buckets)


def _order(connection: http.client.HTTPConnection, issuer: LocalIssuer, key: Ed25519PrivateKey) -> dict[str, str]:
    connection.request("GET", "/v1/nonce")
    nonce = json.loads(connection.getresponse().read())["nonce"]
    signature = sshsig.sign(key, nonce.encode(), NAMESPACE)
    token = issuer.token(**CLAIMS)
    return {"token": token, "public_key": public_line(key), "nonce": nonce, "signature": signature}


def _busy(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)
