"""Passwords and secrets that have no form of their own: after a word that names them, and in the user part of a URL."""

import re
from typing import Final

from jumphost.masking.detectors.base import (
    ALNUM,
    HEURISTIC,
    Answer,
    Detector,
    Hold,
    Latch,
    Match,
    Trigger,
    end_of,
    fill,
    latch,
    run,
)  # fmt: skip

_MOST: Final = 128  # bytes of a value that are held to see whether it looks like a secret; a longer one is one
_LEAST: Final = 6
_LONG: Final = 16  # a value this long is a secret even where it is one lower-case word
_WORDS: Final = (
    "password", "passwd", "passphrase", "pwd", "secret", "secret[_-]key", "client[_-]secret", "api[_-]key", "apikey",
    "access[_-]key", "accesskey", "secretkey", "private[_-]key", "privatekey",
    "account[_-]key", "accountkey", "encryption[_-]key", "secret_key_base", "token",
    "credential", "credentials",
)  # fmt: skip
_ENDS: Final = "[\"'\\\\ :=>\t]"
_OPTIONS: Final = (
    "requirepass ",
    "masterauth ",
    "sshpass -p ",
    "redis-cli -a ",
)  # a value follows with nothing between
_TRIGGERS: Final = (
    *(Trigger(word + _ENDS, nocase=True, held=False) for word in _WORDS),
    Trigger("pass[:=]", before=ALNUM, nocase=True, held=False),
    *(Trigger(option, before=ALNUM, held=False) for option in _OPTIONS),
    Trigger(" by '", nocase=True, held=False),
    Trigger("-u ", before="0-9A-Za-z-", held=False),
    Trigger("--user[ =]", held=False),
    Trigger("://", held=False),
    *(
        Trigger(prefix, before=ALNUM, strong=3)
        for prefix in ("$[1567y]$", "$2[abxy]$", "$gy$", "$argon2", "SCRAM-SHA-256$")
    ),
)

_OPTION_WORDS: Final = tuple(option.encode() for option in _OPTIONS)
_WORD: Final = tuple(re.compile("".join(trigger.elements[:-1]).encode()) for trigger in _TRIGGERS)
_SEPARATOR: Final = re.compile(
    rb"\\{0,3}+[\"']?+\]?+[ \t]{0,8}+(?:=>|:=|[:=>])[ \t]{0,8}+(?P<open>[bru]?+\\{0,3}+(?:\"\"\"|'''|[\"'`]))?"
    rb"|[ \t]{1,4}+(?P<sql>')"
)
_UNFINISHED: Final = re.compile(
    rb"\\{0,3}+[\"']?+\]?+[ \t]{0,8}+(?:=>?+|:=?+|>)?[ \t]{0,8}+[bru]?+\\{0,3}+(?:\"{1,2}+|'{1,2}+)?\Z"
)
_OPTION: Final = re.compile(rb"[ \t]{1,8}+(?P<open>[\"']?+)(?!-)")  # --password VALUE
_LOGIN: Final = re.compile(rb"(?:login|user|account)[ \t]{1,4}+[!-~]{1,64}+\s{1,4}+\Z")  # .netrc
_LOGIN_MOST: Final = 80
_IDENTIFIED: Final = re.compile(rb"(?i)identified(?: with [0-9a-z_'\"`]{1,40}+)?\Z")  # CREATE USER … BY 'VALUE'
_IDENTIFIED_MOST: Final = 60
_USER_OPTION: Final = re.compile(rb"(?:-u|--user)[ \t=]{1,4}+[\"']?+[^\s:\"'/@<>\\]{1,64}+:")  # curl
_USER_OPTION_UNFINISHED: Final = re.compile(rb"(?:-u|--user)[ \t=]{1,4}+[\"']?+[^\s:\"'/@<>\\]{0,64}+\Z")
_BARE: Final = run(r"^\s\x00\"'`<>,;&|()\[\]{}\\")
_APART: Final = run(r"^\s\x00\"'`<>,;|()\[\]{}\\")  # after white space: no parameter of a URL ends it
_QUOTED: Final = {quote: run(rf"^{quote}\r\n\x00") for quote in "\"'`"}
_ESCAPABLE: Final = {
    quote: re.compile(
        rf"[^{quote}\\\r\n\x00]*+(?:\\[^\r\n\x00][^{quote}\\\r\n\x00]*+){{0,{_MOST // 2}}}(?:\\\Z)?".encode()
    )
    for quote in "\"'`"
}
_ESCAPED: Final = {quote: run(rf"^{quote}\\\r\n\x00") for quote in "\"'`"}  # within a string that was quoted again
_PLACEHOLDER: Final = re.compile(
    rb"(?i)(?:\*++|x++|\.++|\[?(?:redacted|masked|filtered|hidden).{0,8}|(?:your|change)[_-]?+\w*+|"
    rb"\$[({]?+\w++[)}]?+(?:::\w++)?(?:/[\w.@#-]++){0,64}|%\w*+%?+|(?:/[\w.@-]++){1,128}/?+)\Z"
)

_SIGNS: Final = (b":", b"=", b">")
_CRYPT: Final = re.compile(rb"\$[0-9a-z]|SCRAM-SHA-256\$")  # crypt(5), PostgreSQL
_CRYPT_BODY: Final = run("0-9A-Za-z./$=,:+-")
_CRYPT_LEAST: Final = 30

_USER: Final = re.compile(rb"[^\s/:@\"'<>\\]{0,64}+:")
_USER_UNFINISHED: Final = re.compile(rb"[^\s/:@\"'<>\\]{0,64}+\Z")
_URL_PASSWORD: Final = run(r"^\s/@\"'<>\\\x00")
_URL_MOST: Final = 256


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    if buffer.startswith(b"://", at):
        return _url(buffer, at + 3, final)
    if buffer[at] in b"$S" and (match := _CRYPT.match(buffer, at)):
        return _crypt(buffer, at, match.end(), final)
    if buffer[at] in b"- ":
        return _by_place(buffer, at, final)
    end = max((match.end() for match in (word.match(buffer, at) for word in _WORD) if match), default=at)
    match = _SEPARATOR.match(buffer, end)
    if match is None and _is_option(buffer, at):
        match = _OPTION.match(buffer, end)
    if not final and (_UNFINISHED.match(buffer, end) or (match and match.end() == len(buffer))):
        return Hold(len(buffer))
    if match is None:
        return None
    opened = match[match.lastgroup] if match.lastgroup else b""
    return _value(buffer, match.end(), opened, final, bare=_BARE if match[0][-1:] in _SIGNS else _APART)


def _by_place(buffer: bytes, at: int, final: bool) -> Answer:
    """A value that no word names: ``-u USER:VALUE``, ``IDENTIFIED BY 'VALUE'``."""
    if buffer[at] == ord(" "):
        named = _IDENTIFIED.search(buffer, max(0, at - _IDENTIFIED_MOST), at)
        return _value(buffer, at + len(" by '"), b"'", final) if named else None
    if not final and _USER_OPTION_UNFINISHED.match(buffer, at):
        return Hold(len(buffer))
    match = _USER_OPTION.match(buffer, at)
    return _value(buffer, match.end(), b"", final) if match else None


def _is_option(buffer: bytes, at: int) -> bool:
    """Whether a space is enough between the word and its value."""
    if buffer[max(0, at - 2) : at] == b"--" or buffer.startswith(_OPTION_WORDS, at):
        return True
    return _LOGIN.search(buffer, max(0, at - _LOGIN_MOST), at) is not None


def _value(buffer: bytes, at: int, opened: bytes, final: bool, *, bare: re.Pattern[bytes] = _BARE) -> Answer:
    body = rest = bare
    if opened:
        quote = chr(opened[-1])
        body, rest = (_ESCAPED[quote],) * 2 if b"\\" in opened else (_ESCAPABLE[quote], _QUOTED[quote])
    end = end_of(body, buffer, at, _MOST)
    if end - at >= _MOST:
        end = end_of(rest, buffer, end)
        return Match(at, end) if end < len(buffer) or final else Latch(at, end, latch(rest))
    if end == len(buffer) and not final:
        return Hold(at)
    return Match(at, end) if looks_secret(buffer[at:end]) else None


def looks_secret(value: bytes) -> bool:
    """Whether a value is neither a word nor a placeholder: a digit, a sign or both cases in it, or long."""
    if len(value) < _LEAST or len(set(value)) < 4 or _PLACEHOLDER.match(value):
        return False
    letters = value.translate(None, b"-_.:/")
    mixed = value.lower() != value and value.upper() != value and not value.istitle()
    return mixed or not letters.isalpha() or len(letters) >= _LONG


def _crypt(buffer: bytes, at: int, begin: int, final: bool) -> Answer:
    """A hash as systems and databases keep it of a password."""
    end = end_of(_CRYPT_BODY, buffer, begin, _CRYPT_LEAST)
    if end - begin < _CRYPT_LEAST:
        return Hold(at) if end == len(buffer) and not final else None
    end = end_of(_CRYPT_BODY, buffer, end)
    return Match(at, end) if end < len(buffer) or final else Latch(at, end, latch(_CRYPT_BODY))


def _url(buffer: bytes, at: int, final: bool) -> Answer:
    user = _USER.match(buffer, at)
    if user is None:
        return Hold(len(buffer)) if not final and _USER_UNFINISHED.match(buffer, at) else None
    start = user.end()
    end = end_of(_URL_PASSWORD, buffer, start, _URL_MOST)
    if end == len(buffer) and not final:
        return Hold(start, strong=not buffer[start:end].isdigit())
    if buffer[end : end + 1] != b"@" or end == start or _PLACEHOLDER.match(buffer[start:end]):
        return None
    return Match(start, end)


DETECTOR = Detector(
    name="password",
    rank=HEURISTIC,
    triggers=_TRIGGERS,
    confirm=_confirm,
    limit=_URL_MOST + 1,
    examples=(
        b"MYSQL_PWD=" + fill(18),
        b'{"db": {"password": "tr0ub4dor&3"}}',
        b'{"m":"{\\"client_secret\\":\\"' + fill(20) + b'\\"}"}',
        b"error: mysql://root:PdA-7XBmynBU.g-keAy@127.0.0.1:3306/shop",
        b"redis://:correcthorse@cache:6379",
        b"mysqldump --password " + fill(10) + b" shop",
        b"ALTER USER app WITH PASSWORD 's3cr3tly';",
        b"<password>Hunter22x</password>",
        b"export API_KEY='" + fill(24) + b"'",
        b"password=" + fill(300),
        b"machine db.example.org login app password " + fill(12) + b"\n",
        b"root:$6$" + fill(16) + b"$" + fill(86, "./0aB") + b":19000:0:99999:7:::",
        b" app | SCRAM-SHA-256$4096:" + fill(22) + b"==$" + fill(43) + b"=:" + fill(43) + b"= | 1",
        b"$2b$12$" + fill(53),
        b"curl -u admin:s3cr3tX1 http://h",
        b"CREATE USER a IDENTIFIED WITH mysql_native_password BY 'Abc12345'",
        b"requirepass foobared99",
        b'PASSWORD = """S3cretPw1"""',
        b'password="ab\\"12"',
        b"secretKey: '" + fill(40) + b"'",
        b"redis-cli -a " + fill(10) + b" ping",
        b"Password = Tr0ub4dor&3",
    ),
    near_misses=(
        b"api_key_id missing",
        b"max_tokens=4096",
        b"password_expires_at: null",
        b"Password: ",
        b"password: ******",
        b"password = ${DB_PASSWORD}",
        b"password: required",
        b"private_key = $dir/private/cakey.pem# it",
        b"secret = $insta::secret # it",
        b"PWD=/home/app/releases",
        b"http://localhost:8080/path",
        b"git://host/path@v1",
        b"token: null, secret: none",
        b"the password of your account",
        b"cost $5$ and $6$ each",
        b"docker run -u 1000:1000 x",
        b"written by 'Abc12345'",
        b'password="", next="Abc12345"',
    ),
)
