"""Writes the corpora beside it: texts with values to be masked, and texts with none that look as if they had some.

A case is ``{id, text, spans: [{start, end, label, optional}], ctx}`` (positive) or ``{id, text, spans: [], kind}``
(negative), one a line; offsets are characters. The values are drawn at random and are nobody's. The files are packed,
as a host of repositories would take the tokens for real ones:

    python tests/corpora/masking/make.py
"""

import base64
import gzip
import json
import random
import string
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

HERE = Path(__file__).parent
RNG = random.Random(20261201)
ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
NAMES = ["Ada", "Grace", "Linus", "Barbara", "Ken", "Radia", "Edsger", "Hedy"]
HOSTS = ["example.com", "corp.example.org", "mail.example.co.uk", "shop.example.io", "firma.example.de"]


def draw(alphabet: str, count: int) -> str:
    return "".join(RNG.choices(alphabet, k=count))


def luhn_digit(body: str) -> str:
    total = 0
    for at, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def pan(prefix: str, length: int) -> str:
    body = prefix + draw(string.digits, length - len(prefix) - 1)
    return body + luhn_digit(body)


def iban(country: str, length: int, letters: int) -> str:
    bban = draw(string.ascii_uppercase, letters) + draw(string.digits, length - 4 - letters)
    number = int("".join(str(int(c, 36)) for c in bban + country + "00"))
    return f"{country}{98 - number % 97:02d}{bban}"


def grouped(text: str, sizes: list[int], separator: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return separator.join(part for part in parts if part)


BRANDS = [
    ("4", 16),
    ("4", 13),
    ("4", 19),
    ("51", 16),
    ("55", 16),
    ("2221", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("36", 14),
    ("305", 14),
    ("6011", 16),
    ("65", 16),
    ("3528", 16),
    ("62", 16),
    ("62", 19),
    ("2202", 16),
    ("6069", 16),
    ("5018", 16),
    ("6759", 16),
    ("9792", 16),
]
COUNTRIES = [
    ("GB", 22, 4),
    ("DE", 22, 0),
    ("FR", 27, 0),
    ("NL", 18, 4),
    ("NO", 15, 0),
    ("CH", 21, 0),
    ("ES", 24, 0),
    ("MT", 31, 4),
]
FRAMES = [
    "{}",
    "value: {}\n",
    '{{"a":1,"v":"{}","n":2}}',
    "7,Ada,{},9.50",
    "12\tGrace\t{}\tx",
    " 17 | Ken    | {} | 2026-03-01\n",
    "INSERT INTO t (id, v) VALUES (8, '{}');",
    "2026-09-22T22:54:55.574Z INFO [w-1] got {} ok",
    "<v>{}</v>",
    "  v: {}\n  n: 2\n",
    '{{"msg":"{{\\"v\\":\\"{}\\"}}"}}',
    "{{'v': '{}', 'n': 31}}",
    "GET /x?v={}&n=1 HTTP/1.1",
    "*** 1. row ***\n id: 7\n  v: {}\nn: 2\n",
    "(was {})",
    '"7","Ada","{}","FR"',
    "The value is {}, please check.",
    "v={};n=2",
]


def ssn() -> str:
    area = RNG.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03d}-{RNG.randint(1, 99):02d}-{RNG.randint(1, 9999):04d}"


def nanp() -> tuple[str, str, str]:
    def code() -> str:
        return f"{RNG.randint(2, 9)}{RNG.randint(0, 8)}{RNG.choice('023456789')}"

    return code(), code(), draw(string.digits, 4)


def email() -> str:
    local = RNG.choice(["ada", "first.last", "j.doe+x", "o'neil", "x", "user_1", "n-m", "833925"])
    return f"{local}@{RNG.choice(HOSTS)}"


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def jwt() -> str:
    header = RNG.choice(
        ['{"alg":"HS256","typ":"JWT"}', '{"typ":"JWT","alg":"RS256"}', f'{{"kid":"{draw(ALNUM, 8)}","alg":"ES256"}}']
    )
    claims = json.dumps({"sub": draw(string.digits, 8), "iat": 1760187121, "aud": ["orders"]})
    return ".".join((b64(header), b64(claims), draw(URLSAFE, RNG.choice([43, 86, 342]))))


def pem(newline: str) -> str:
    label = RNG.choice(
        ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
    )
    body = draw(ALNUM + "+/", RNG.choice([160, 388, 1590])) + "=="
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return newline.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def secret(count: int = 0) -> str:
    return "a7" + draw(ALNUM + "!#%-._", (count or RNG.randint(8, 24)) - 4) + "Z9"


TOKENS: dict[str, list[Callable[[], str]]] = {
    "AWS_KEY": [
        lambda: "AKIA" + draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
        lambda: "ASIA" + draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    ],
    "GCP_KEY": [lambda: "AIza" + draw(URLSAFE, 35)],
    "GITHUB_TOKEN": [
        lambda: RNG.choice(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]) + draw(ALNUM, 36),
        lambda: "github_pat_" + draw(ALNUM, 22) + "_" + draw(ALNUM, 59),
    ],
    "GITLAB_TOKEN": [lambda: "glpat-" + draw(URLSAFE, 20), lambda: "gldt-" + draw(URLSAFE, 20)],
    "SLACK_TOKEN": [
        lambda: "xoxb-" + draw(string.digits, 12) + "-" + draw(string.digits, 13) + "-" + draw(ALNUM, 24),
        lambda: "xoxp-" + draw(ALNUM, 60),
    ],
    "STRIPE_KEY": [lambda: RNG.choice(["sk_live_", "sk_test_", "rk_live_"]) + draw(ALNUM, RNG.choice([24, 99]))],
    "OPENAI_KEY": [
        lambda: "sk-proj-" + draw(URLSAFE, 120),
        lambda: "sk-" + draw(ALNUM, 20) + "T3BlbkFJ" + draw(ALNUM, 20),
    ],
    "ANTHROPIC_KEY": [lambda: "sk-ant-api03-" + draw(URLSAFE, 93) + "AA"],
    "NPM_TOKEN": [lambda: "npm_" + draw(ALNUM, 36)],
    "PYPI_TOKEN": [lambda: "pypi-AgEIcHlwaS5vcmc" + draw(URLSAFE, 150)],
    "VENDOR_KEY": [
        lambda: "SG." + draw(URLSAFE, 22) + "." + draw(URLSAFE, 43),
        lambda: "hf_" + draw(string.ascii_letters, 34),
        lambda: "dapi" + draw("0123456789abcdef", 32),
        lambda: "hvs." + draw(ALNUM, 90),
    ],
    "JWT": [jwt],
}


Positive = tuple[str, str, str, str]  # frame, which holds {} once; value; label; what it is


def framed(value: str, label: str, ctx: str) -> Positive:
    return RNG.choice(FRAMES), value, label, ctx


def numbers() -> Iterator[Positive]:
    for prefix, length in BRANDS:
        for separator in ["", "", " ", "-"]:
            number = pan(prefix, length)
            sizes = {15: [4, 6, 5], 14: [4, 6, 4], 13: [4, 4, 5]}.get(length, [4, 4, 4, 4, 3])
            yield framed(
                grouped(number, sizes, separator) if separator else number,
                "CREDIT_CARD",
                f"{prefix}/{length}/{separator}",
            )
    for country, length, letters in COUNTRIES:
        for separator in ["", "", " ", " "]:
            number = iban(country, length, letters)
            yield framed(grouped(number, [4] * 9, separator) if separator else number, "IBAN", country + separator)


def people() -> Iterator[Positive]:
    for _ in range(28):
        yield framed(ssn(), "US_SSN", "dashed")
    for word in [
        "SSN: {}",
        "ssn={}",
        '{{"ssn":"{}"}}',
        "Social Security Number {}",
        "social_security: {}",
        "<ssn>{}</ssn>",
    ]:
        yield word, ssn().replace("-", ""), "US_SSN", "bare"
        yield word, ssn().replace("-", " "), "US_SSN", "spaced"
    for _ in range(36):
        yield framed(email(), "EMAIL", "email")
    for _ in range(14):
        area, exchange, line = nanp()
        form = RNG.choice(["({}) {}-{}", "({}){}-{}", "{}-{}-{}", "{}.{}.{}", "1-{}-{}-{}"])
        yield framed(form.format(area, exchange, line), "PHONE", "national")
        yield framed(f"+1{area}{exchange}{line}", "PHONE", "international US")
    for code, count in [("44", 10), ("91", 10), ("33", 9), ("49", 11), ("81", 10), ("61", 9), ("55", 11), ("358", 9)]:
        number = RNG.choice("23456789") + draw(string.digits, count - 1)
        yield framed(f"+{code}{number}", "PHONE", f"international {code}")
        yield framed(f"+{code} {number[:2]} {number[2:5]} {number[5:]}", "PHONE", f"international spaced {code}")


def tokens() -> Iterator[Positive]:
    for label, makers in TOKENS.items():
        for _ in range(12):
            yield framed(RNG.choice(makers)(), label, label)
    for word in [
        "aws_secret_access_key = {}",
        '"SecretAccessKey": "{}",',
        "AWS_SECRET_ACCESS_KEY={}",
        "aws_session_token: {}",
    ]:
        for count in (40, 40, 300):
            yield word, draw(ALNUM + "/+", count), "AWS_KEY", "by name"
    for newline in ["\n", "\r\n", "\\n", "\n    ", " "]:
        for _ in range(5):
            yield RNG.choice(["{}\n", "key: '{}'\n", '"{}",']), pem(newline), "PRIVATE_KEY", f"pem {newline!r}"


def passwords() -> Iterator[Positive]:
    for word in [
        "password={}",
        "PASSWORD: {}",
        '{{"password":"{}"}}',
        "DB_PASSWORD='{}'",
        "MYSQL_PWD={}",
        "PGPASSWORD={} psql",
        "api_key={}",
        "client_secret: {}",
        '\\"secret\\":\\"{}\\"',
        "<password>{}</password>",
        "--password {} --host h",
        "passwd => '{}',",
        "ALTER USER a WITH PASSWORD '{}';",
        "x-api-key: {}",
        "access_token={}&x=1",
        "CREATE USER a IDENTIFIED BY '{}'",
        "pass: {}",
    ]:
        for _ in range(4):
            yield word, secret(), "PASSWORD", "key and value"
    for scheme in ["postgres", "mysql", "redis", "amqp", "https", "mongodb+srv"]:
        for _ in range(4):
            yield scheme + "://app:{}@db.internal:5432/shop", draw(ALNUM + "-._", RNG.randint(8, 30)), "PASSWORD", "url"
    for word in [
        "Authorization: Bearer {}\r\n",
        "authorization: bearer {}",
        '{{"Authorization":"Bearer {}"}}',
        "curl -H 'Authorization: Bearer {}' u",
    ]:
        for _ in range(5):
            yield word, draw(URLSAFE, RNG.choice([24, 40, 64])), "BEARER", "bearer"
    for _ in range(6):
        yield "Authorization: Basic {}\r\n", base64.b64encode(f"app:{secret()}".encode()).decode(), "BEARER", "basic"


def wrong_luhn() -> str:
    number = pan(*RNG.choice(BRANDS))
    return number[:-1] + str((int(number[-1]) + RNG.randint(1, 9)) % 10)


def wrong_iban() -> str:
    number = iban(*RNG.choice(COUNTRIES))
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def hexes(count: int) -> str:
    return draw("0123456789abcdef", count)


def uuid() -> str:
    return "-".join(hexes(count) for count in (8, 4, 4, 4, 12))


NEGATIVES: dict[str, Callable[[], str]] = {
    "bad_luhn": lambda: f"order {wrong_luhn()} shipped",
    "bad_luhn_grouped": lambda: f"ref {grouped(wrong_luhn()[:16], [4] * 4, RNG.choice(' -'))}",
    "bad_iban": lambda: f"iban {wrong_iban()}",
    "bad_ssn": lambda: RNG.choice(
        ["000-12-3456", "666-12-3456", f"9{draw(string.digits, 2)}-12-3456", "123-00-4567", "123-45-0000"]
    ),
    "nine_digits": lambda: f"job id {RNG.randint(100000000, 999999999)}",
    "zip4": lambda: f"ZIP {draw(string.digits, 5)}-{draw(string.digits, 4)}",
    "uuid": lambda: f"req {uuid()} done",
    "uuid_digits": lambda: "req " + "-".join(draw(string.digits, count) for count in (8, 4, 4, 4, 12)),
    "sha256": lambda: f"image repo/app@sha256:{hexes(64)}",
    "commit": lambda: f"commit {hexes(40)}\nMerge: {hexes(7)} {hexes(7)}",
    "md5sum": lambda: f"{hexes(32)}  file-{RNG.randint(1, 99)}.tar",
    "hexdump": lambda: f"{hexes(8)}  " + " ".join(hexes(2) for _ in range(16)) + "  |................|",
    "xxd": lambda: f"{hexes(8)}: " + " ".join(hexes(4) for _ in range(8)) + "  ................",
    "od": lambda: "0000020 " + " ".join(draw("01234567", 6) for _ in range(8)),
    "epoch": lambda: (
        f"at={RNG.randint(1_600_000_000, 1_900_000_000)} ms={RNG.randint(1_600_000_000_000, 1_900_000_000_000)}"
    ),
    "epoch_us": lambda: f"ts {RNG.randint(1_600_000_000, 1_900_000_000)}.{draw(string.digits, 6)}",
    "timestamp": lambda: (
        f"2026-{RNG.randint(1, 12):02d}-{RNG.randint(1, 28):02d} 10:{RNG.randint(10, 59)}:50."
        f"{draw(string.digits, 6)}+00"
    ),
    "float": lambda: f"lat={RNG.uniform(-90, 90):.15f} lon={RNG.uniform(-180, 180):.15f}",
    "ip": lambda: ".".join(str(RNG.randint(0, 255)) for _ in range(4)) + f":{RNG.randint(1024, 65535)}",
    "ipv6": lambda: ":".join(hexes(4) for _ in range(8)),
    "mac": lambda: ":".join(hexes(2) for _ in range(6)),
    "version": lambda: (
        f"pkg-{RNG.randint(0, 30)}.{RNG.randint(0, 300)}.{RNG.randint(0, 999)}.{RNG.randint(0, 9999)}"
        f" left-pad@1.{RNG.randint(0, 9)}.0"
    ),
    "ls": lambda: f"-rw-r--r-- 1 app app {RNG.randint(10**5, 10**10)} Nov 26 04:26 file-{draw(string.digits, 8)}.log",
    "ls_n": lambda: f"-rw-r--r-- 1 1000 1000 {RNG.randint(10**3, 10**10)} 2026-11-26 04:26 a.txt",
    "isbn": lambda: (
        f"isbn 978-{RNG.randint(0, 9)}-{draw(string.digits, 2)}-{draw(string.digits, 6)}-{RNG.randint(0, 9)}"
    ),
    "bad_phone": lambda: RNG.choice(
        [
            f"range 1{draw(string.digits, 2)}-854-1823",
            f"{RNG.randint(200, 999)}-1{draw(string.digits, 2)}-1823",
            "+0000",
            "+12 34",
            "+1 555",
        ]
    ),
    "git_numstat": lambda: f"{RNG.randint(0, 999)}\t{RNG.randint(0, 999)}\tsrc/{draw(string.ascii_lowercase, 8)}.py",
    "git_remote": lambda: f"origin\tgit@github.com:org/{draw(string.ascii_lowercase, 6)}.git (fetch)",
    "email_like": lambda: RNG.choice(
        [
            "icon@2x.png",
            "user@localhost",
            "app@v1.2.3",
            "@decorator",
            "a@b",
            "root@db-1:~$ ls",
            "foo@bar:22",
            "getty@tty1.service",
        ]
    ),
    "kw_no_secret": lambda: RNG.choice(
        [
            "api_key_id missing",
            "max_tokens=4096",
            "password_expires_at: null",
            "password: required",
            "Password: ",
            "token: none",
            "secret: ",
            "password changed",
            "no password supplied",
            "token_type: bearer",
            "passwords: 12",
            "secretName: db",
            "forgot password?",
            "pass: 12 fail: 3",
        ]
    ),
    "kw_placeholder": lambda: RNG.choice(
        [
            "password=${DB_PASSWORD}",
            "password: ********",
            "password = <redacted>",
            "token={{ token }}",
            "secret=$SECRET",
            "password: xxxxxxxx",
            "PASSWORD=%PASSWORD%",
            "api_key: YOUR_API_KEY",
        ]
    ),
    "pem_mention": lambda: RNG.choice(
        [
            "looking for -----BEGIN marker",
            "-----BEGIN CERTIFICATE-----\n" + draw(ALNUM, 64),
            "-----BEGIN PUBLIC KEY-----\n" + draw(ALNUM, 64),
        ]
    ),
    "base64": lambda: f"data:image/png;base64,{draw(ALNUM + '+/', 140)}",
    "near_token": lambda: RNG.choice(
        [
            "ghp_" + draw(ALNUM, 10),
            "npm_config_registry=x",
            "glpat-short",
            "sk_live_x",
            "pk_live_" + draw(ALNUM, 24),
            "xoxb-1-2",
            "AKIA" + draw(ALNUM.upper(), 6),
            "hf_hub_download",
            "sk-" + draw(string.ascii_lowercase, 10),
            "AIza" + draw(ALNUM, 5),
            "SG.a.b",
        ]
    ),
    "near_jwt": lambda: RNG.choice(
        ["eyJ", "eyJ.x.y", b64('{"name":"' + draw(ALNUM, 10) + '","age":36}'), b64('{"items":[1,2,3],"next":null}')]
    ),
    "bearer_words": lambda: RNG.choice(
        [
            "Bearer authentication required",
            'WWW-Authenticate: Bearer realm="x"',
            "the bearer of this",
            "Basic usage: see below",
            "Authorization: required",
        ]
    ),
    "url": lambda: (
        RNG.choice(
            [
                "http://localhost:8080/x",
                "https://example.com/a@b",
                "postgres://db:5432/shop",
                "git+ssh://host/path",
                "http://[::1]:8080/",
                "https://user@example.com/",
            ]
        )
        if RNG.random() < 0.8
        else "ftp://files:2121/pub"
    ),
    "ps": lambda: (
        f"root {RNG.randint(1, 99999)} 0.0 0.1 {RNG.randint(10**4, 10**7)} {RNG.randint(10**3, 10**6)}"
        f" ? Ssl Nov26 1:0{RNG.randint(0, 9)} /usr/sbin/sshd -D"
    ),
    "money": lambda: f"amount: {RNG.randint(1, 9)},{draw(string.digits, 3)},{draw(string.digits, 3)}.27 EUR",
    "dmesg": lambda: (
        f"[ {RNG.randint(1000, 9999)}.{draw(string.digits, 6)}] usb 1-4: idVendor={hexes(4)} idProduct={hexes(4)}"
    ),
    "numbers": lambda: " | ".join(draw(string.digits, RNG.randint(3, 11)) for _ in range(5)),
    "prose": lambda: RNG.choice(
        [
            "Permission denied (publickey,password).",
            "2 tokens left; 3 secrets synced",
            "CREATE TABLE t (ssn text, email text)",
            "SELECT card_number FROM cards",
            "Enter PIN",
            "(1 row)",
            "postgres=# ",
        ]
    ),
}


def main() -> None:
    cases = []
    for at, (frame, value, label, ctx) in enumerate(chain(numbers(), people(), tokens(), passwords())):
        if label == "EMAIL" and "'" in value:
            frame = frame.replace("'", "")
        before, after = frame.replace("{{", "\1").replace("}}", "\2").split("{}")
        before, after = (part.replace("\1", "{").replace("\2", "}") for part in (before, after))
        span = {"start": len(before), "end": len(before) + len(value), "label": label, "optional": False}
        cases.append({"id": f"p{at:04d}", "text": before + value + after, "spans": [span], "ctx": ctx})
    _write("positive", cases)
    negative = [(kind, make()) for kind, make in NEGATIVES.items() for _ in range(13)]
    _write(
        "negative",
        [{"id": f"n{at:04d}", "text": text, "spans": [], "kind": kind} for at, (kind, text) in enumerate(negative)],
    )


def _write(name: str, cases: list[dict[str, object]]) -> None:
    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    (HERE / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    print(name, len(cases))


if __name__ == "__main__":
    main()
