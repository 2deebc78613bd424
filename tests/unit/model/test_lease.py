"""What the journal knows of a credential."""

import msgspec

from jumphost.model.lease import Lease


def test_a_lease_has_no_place_for_a_secret() -> None:
    lease = Lease("id", "ssh-certificate", "app@payments-db", 1, serial="7")
    assert msgspec.to_builtins(lease) == {
        "id": "id",
        "provider": "ssh-certificate",
        "subject": "app@payments-db",
        "expires_ns": 1,
        "serial": "7",
        "name": "",
        "template": "",
        "request": "",
        "identity": "",
    }
