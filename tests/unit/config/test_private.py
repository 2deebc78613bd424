from pathlib import Path

import pytest

from jumphost.config import private

SITE = Path("/srv/jumphost")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "/dev"),
        ("/root", "/root"),
        ("/root/.ssh", "/root"),
        ("/etc", "/etc/gshadow"),
        ("/etc/ssl", "/etc/ssl/private"),
        ("/proc/1/root", "/proc"),
        ("/run/docker.sock", "/run"),
        ("/var", "/var/run"),
        ("/srv", "/srv/jumphost"),
        ("/srv/jumphost/signer", "/srv/jumphost"),
    ],
)
def test_what_is_in_a_private_place_or_holds_one(path: str, place: str) -> None:
    assert private.inside(Path(path), SITE) == Path(place)


@pytest.mark.parametrize("path", ["/opt/tools", "/etc/ssl/certs", "/srv/jumphost-tools", "/rooted", "/var/lib/tools"])
def test_what_is_apart(path: str) -> None:
    assert private.inside(Path(path), SITE) is None
