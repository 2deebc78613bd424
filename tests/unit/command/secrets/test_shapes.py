"""Forms of secrets in any text; tests of whole commands are in test_secrets."""

import pytest

from jumphost.command.secrets.shapes import in_text

A = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AKIAABCDEFGHIJKLMNOP", "aws_key"),
        (f"AWS_SECRET_ACCESS_KEY={A[:40]}", "aws_key"),
        (f"AIza{A[:35]}", "gcp_key"),
        (f"ghp_{A[:36]}", "github_token"),
        (f"github_pat_{A[:40]}", "github_token"),
        (f"glpat-{A[:20]}", "gitlab_token"),
        ("xoxb-123456789012", "slack_token"),
        (f"sk_live_{A[:16]}", "stripe_key"),
        (f"sk-ant-{A[:20]}", "anthropic_key"),
        (f"sk-{A[:32]}", "openai_key"),
        (f"npm_{A[:36]}", "npm_token"),
        (f"pypi-AgE{A[:50]}", "pypi_token"),
        (f"eyJ{A[:8]}.eyJ{A[:8]}.x", "jwt"),
        ("-----BEGIN PRIVATE KEY-----", "private_key"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "private_key"),
        ("authorization: Bearer x", "bearer"),
        ("Authorization: Basic eDp5", "password"),
        ("Password=x", "password"),
        ("password='x'", "password"),
        ('{"password": "x"}', "password"),
        ('{\\"password\\":\\"x\\"}', "password"),
        ("a://b:c@d", "password"),
        ("IDENTIFIED BY 'x'", "password"),
        ("ENCRYPTED PASSWORD 'x'", "password"),
        ("x\n  db_password: geheim\n", "password"),
    ],
)
def test_a_form_has_a_name(text: str, found: str) -> None:
    assert found in in_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AKIAABCDEFGHIJKLMNO",
        "XAKIAABCDEFGHIJKLMNOP",
        f"ghp_{A[:35]}",
        f"npm_{A[:37]}",
        "eyJabc.eyJabc.x",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "authorization: bearer $T",
        "authorization: bearer <t>",
        "authorization: bearer",
        "password=",
        "password=''",
        "password=$P",
        "password=${P}",
        "password=true",
        "password==x",
        "password=<x>",
        "password=***",
        "password=/run/x",
        "passwords=x",
        "password_file=x",
        "compass=x",
        "a://b:@d",
        "a://b:$P@d",
        "a://b:80/@d",
        "next-token=x",
        "--secret=x",
        "password ''",
        "identified by $1",
        '{"password": ""}',
        '{"password": null}',
        "password: $P",
        "# the password: it is said here",
    ],
)
def test_what_is_no_secret_has_none(text: str) -> None:
    assert list(in_text(text)) == []


def test_all_are_named() -> None:
    assert sorted({*in_text("password=x passwd=y AKIAABCDEFGHIJKLMNOP AKIAABCDEFGHIJKLMNOQ")}) == [
        "aws_key",
        "password",
    ]
