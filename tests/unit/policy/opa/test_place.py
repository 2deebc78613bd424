"""Where a server is: by socket or URL."""

import pytest

from jumphost.policy.opa.place import Place


@pytest.mark.parametrize(
    ("url", "address", "tls"),
    [
        ("http://127.0.0.1:8181", ("127.0.0.1", 8181), False),
        ("https://opa.internal", ("opa.internal", 443), True),
        ("https://[2001:db8::1]:8443", ("[2001:db8::1]", 8443), True),
    ],
)
def test_a_url_has_host_and_port(url: str, address: tuple[str, int], tls: bool) -> None:
    place = Place(url=url)
    assert (place.address, place.tls) == (address, tls)


def test_a_socket_needs_no_address() -> None:
    place = Place(socket="/run/opa.sock")
    assert (place.address, place.tls) == (("localhost", 80), False)
