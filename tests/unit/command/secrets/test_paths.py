"""Names of secret files in any text; tests of whole commands are in test_secrets."""

import pytest

from jumphost.command.secrets.paths import in_text


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("", []),
        ("/etc/shadow", ["/etc/shadow"]),
        ("/etc//./x/../shadow", ["/etc/shadow"]),
        ("//etc/shadow", ["/etc/shadow"]),
        ("/var/lib//sss/db/cache", ["/var/lib/sss/db/cache"]),
        ("/root/.m2/./settings.xml", ["/root/.m2/settings.xml"]),
        ("a=/etc/shadow,b:/etc/gshadow", ["/etc/shadow", "/etc/gshadow"]),
        ("open('/etc/shadow')", ["/etc/shadow"]),
        ("@/root/.ssh/id_rsa;type=x", ["/root/.ssh/id_rsa"]),
        ("file:///etc/shadow", ["/etc/shadow"]),
        ("https://h/etc/shadow /etc/passwd", []),
        ("s3://b/x.pem /srv/y.pem", ["/srv/y.pem"]),
        ("/etc/shadowy /etc/shadow/x /etc/shadows", []),
        ("/" + "a/" * 2050 + "/etc/shadow", []),  # no path is that long
    ],
)
def test_paths_are_found_in_normal_form(text: str, paths: list[str]) -> None:
    assert list(in_text(text)) == paths
