"""Secrets that are known by their form, whatever program they are given to; named as the masking detectors are."""

import re
from collections.abc import Iterator
from typing import Final

from jumphost.command.secrets.hints import holder

# Not a variable, a placeholder, a file, or a word that says yes or no. One quote may stand before it.
_VALUE = (
    r"(?:\\?['\"])?(?![$<{(*%@`/?]|file:|env:|\.\.\.|(?:true|false|yes|no|none|null|prompt|ask|required|[01])"
    r"(?:$|[\s'\",;&|)]))[^\s'\",;&|\\]"
)
_QUOTED = rf"\\?['\"](?!\\?['\"]){_VALUE}"
_KEY = (  # no more: --password-file and --secret name something else, and a request token is none
    r"(?:password|passwd|passphrase|(?<![a-z])(?:pass|pwd)|(?<!--)secret|api[_-]?key|access[_-]?key|secret[_-]?key"
    r"|(?<!request-)(?<!page-)(?<!next-)(?<!starting-)(?<!continue-)(?<!client-)token|mysql_pwd|sshpass|rediscli_auth"
    r"|[:/]_auth|requirepass|masterauth)"
)
_KEYS: Final = ("pass", "pwd", "secret", "token", "key", "auth")
_NAMED = r"(?:password|passwd|passphrase|client_?secret|access_?token|refresh_?token|api_?key|pwd)"
_SCHEME = r"authorization['\"]?[ ]?[:=][ ]?['\"]?"
_IDENTIFIED = r"\bidentified\s{1,9}(?:with\s{1,9}\S{1,64}\s{1,9})?(?:by|as|using)\s{1,9}(?:password\s{1,9})?"
_HEADER = r"(?:x-api-key|x-auth-token|x-vault-token|private-token|job-token|deploy-token|(?<![\w-])api-key):[ ]?"
# The detector, what stands in each text that it finds (in small letters), and the form. Every repetition that may fail
# is bounded: the time is linear in the length of the text.
_FORMS: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("aws_key", ("akia", "asia"), r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("aws_key", ("access",), r"(?i:aws_?secret_?access_?key)['\"]?[=:\s]{1,3}['\"]?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"),
    ("gcp_key", ("aiza",), r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    ("github_token", ("gh",), r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36}"),
    ("github_token", ("github_pat_",), r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{40}"),
    (
        "gitlab_token",
        ("gl",),
        r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[A-Za-z0-9_-]{20}",
    ),
    ("slack_token", ("xox",), r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10}"),
    (
        "slack_token",
        ("hooks.slack",),
        r"hooks\.slack\.com/services/T[A-Z0-9]{1,20}/B[A-Z0-9]{1,20}/[A-Za-z0-9]{10}",
    ),
    ("stripe_key", ("k_live_", "k_test_"), r"(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{16}"),
    ("stripe_key", ("whsec_",), r"(?<![A-Za-z0-9])whsec_[A-Za-z0-9]{24}"),
    ("anthropic_key", ("sk-ant-",), r"(?<![A-Za-z0-9])sk-ant-[A-Za-z0-9_-]{20}"),
    (
        "openai_key",
        ("sk-",),
        r"(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20}|[A-Za-z0-9]{32})",
    ),
    ("npm_token", ("npm_",), r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    ("pypi_token", ("pypi-",), r"(?<![A-Za-z0-9])pypi-AgE[A-Za-z0-9_-]{50}"),
    ("jwt", ("eyj",), r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,1024}\.eyJ[A-Za-z0-9_-]{8}"),
    ("private_key", ("private key",), r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"),
    ("bearer", ("authorization",), rf"(?i:{_SCHEME}(?:bearer|token|apikey|negotiate)[ ]{{1,9}}{_VALUE})"),
    (
        "bearer",
        ("-key:", "-token:"),
        rf"(?i:{_HEADER}{_VALUE})",
    ),
    ("password", ("authorization",), rf"(?i:{_SCHEME}(?:basic|digest)[ ]{{1,9}}{_VALUE})"),
    ("password", ("://",), rf"(?i:://[^\s/@:'\"]{{0,255}}:{_VALUE}[^\s/@'\"]{{0,255}}@)"),
    ("password", _KEYS, rf"(?i:{_KEY}(?:=(?!=){_VALUE}|\s{{1,9}}=\s{{0,9}}{_QUOTED}))"),
    ("password", _KEYS, rf"(?i:{_NAMED}\\?['\"]\s{{0,9}}:\s{{0,9}}{_QUOTED})"),  # JSON
    ("password", ("pwd",), rf"(?i:\bpwd\s{{0,9}}:\s{{0,9}}{_QUOTED})"),  # mongo
    (
        "password",
        ("password:", "passwd:", "passphrase:"),  # YAML
        rf"(?im:^[ \t]{{0,64}}[\w.-]{{0,64}}(?:password|passwd|passphrase):[ \t]{{1,9}}{_VALUE}\S{{0,255}}$)",
    ),
    ("password", ("pass:",), rf"(?<![\w-])pass:{_VALUE}"),  # openssl
    ("password", ("password",), rf"(?i:\bpassword(?:\s{{1,9}}|\s{{0,9}}\(\s{{0,9}}){_QUOTED})"),  # SQL
    (
        "password",
        ("identified",),
        rf"(?i:{_IDENTIFIED}{_QUOTED})",
    ),
)
SHAPES: Final = tuple((name, hints, re.compile(form)) for name, hints, form in _FORMS)
DETECTORS: Final = frozenset(name for name, _, _ in _FORMS)
HINTS: Final = frozenset(hint for _, hints, _ in _FORMS for hint in hints)  # in small letters
_hinted: Final = holder(HINTS)


def in_text(text: str) -> Iterator[str]:
    """The detectors that find a secret in ``text``, never what they find; one may come more than once."""
    small = text.lower()
    if not _hinted(small):
        return
    for name, hints, shape in SHAPES:
        if any(hint in small for hint in hints) and shape.search(text):
            yield name
