"""What a signed SAML assertion says, held against what a site declares and what time it is (SAML 2.0 core, profiles).

It is taken without a request of ours: one that answers a request was meant for whoever made that. Pure.
"""

import hashlib
from typing import Any, NoReturn

from jumphost.clock import NS_PER_S, parse_rfc3339
from jumphost.config.issuers import Issuer
from jumphost.errors import Code, Refused
from jumphost.identity.base import LEEWAY_S, MAX_LIFE_S, VerifiedClaims

NAMESPACE = "urn:oasis:names:tc:SAML:2.0:assertion"
ASSERTION = f"{{{NAMESPACE}}}Assertion"
RESPONSE = "{urn:oasis:names:tc:SAML:2.0:protocol}Response"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_KNOWN_CONDITIONS = ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")  # core §2.5.1: others make it invalid
_MAX_TEXT = 1024


def check(signed: Any, *, name: str, issuer: Issuer, now_ns: int) -> VerifiedClaims:
    """The claims of an assertion whose signature was verified; Refused with a code ``token.…``."""
    now = now_ns // NS_PER_S
    if signed.get("Version") != "2.0" or not signed.get("ID"):
        _wrong("got no ID or another version, expected an assertion of SAML 2.0")
    if _text(_one(signed, "Issuer")) != issuer.issuer:
        raise Refused(Code.TOKEN_ISSUER, f"got an assertion by another issuer, expected {issuer.issuer!r}")
    limits = [_conditions(_one(signed, "Conditions"), issuer.audience, now), *_sessions(signed, now)]
    subject = _one(signed, "Subject")
    ends = min(*limits, _confirmed(subject, issuer.recipient, now))
    if ends - now > MAX_LIFE_S:
        _wrong(f"got an assertion for {ends - now} s more, expected at most {MAX_LIFE_S} s")
    who = _text(_one(subject, "NameID"))
    claims = _attributes(signed)
    if "sub" in claims:
        _wrong("got an attribute 'sub', expected none: that is what the NameID is called here")
    once = hashlib.sha256(f"{name}\0assertion\0{signed.get('ID')}".encode()).hexdigest()
    return VerifiedClaims(name, who, {**claims, "sub": who}, once, ends + LEEWAY_S + 1)


def _conditions(conditions: Any, audience: str, now: int) -> int:
    """When it ends."""
    begins = conditions.get("NotBefore")
    if begins is not None and now < _time(begins) - LEEWAY_S:
        raise Refused(Code.TOKEN_NOT_YET_VALID, f"got an assertion that begins at {begins[:64]}")
    for child in conditions:
        if child.tag not in {f"{{{NAMESPACE}}}{known}" for known in _KNOWN_CONDITIONS}:
            _wrong(f"got the unknown condition {child.tag[:128]!r}")
    restrictions = _all(conditions, "AudienceRestriction")
    for restriction in restrictions:
        listed = [_text(one) for one in _all(restriction, "Audience")]
        if audience not in listed:
            raise Refused(Code.TOKEN_AUDIENCE, f"got an assertion for {listed}, expected one for {audience!r}")
    if not restrictions:
        raise Refused(Code.TOKEN_AUDIENCE, f"got an assertion for anybody, expected one for {audience!r}")
    return _end(conditions.get("NotOnOrAfter"), now)


def _sessions(signed: Any, now: int) -> list[int]:
    """When the sessions end that it speaks of, where it says so."""
    ends = [one.get("SessionNotOnOrAfter") for one in _all(signed, "AuthnStatement")]
    return [_end(end, now) for end in ends if end is not None]


def _confirmed(subject: Any, recipient: str, now: int) -> int:
    """When the confirmation ends that is for us, and for whoever bears it."""
    confirmation = _one(subject, "SubjectConfirmation")
    if confirmation.get("Method") != BEARER:
        _wrong("got no bearer confirmation, expected one")
    data = _one(confirmation, "SubjectConfirmationData")
    if data.get("Recipient") != recipient:
        raise Refused(Code.TOKEN_AUDIENCE, f"got an assertion for another recipient, expected {recipient!r}")
    if data.get("InResponseTo") is not None:
        _wrong("got the answer to a request, expected an assertion that nobody asked for: we make none")
    if data.get("NotBefore") is not None:
        _wrong("got a bearer confirmation with NotBefore, expected none")
    return _end(data.get("NotOnOrAfter"), now)


def _attributes(signed: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for statement in _all(signed, "AttributeStatement"):
        for attribute in statement:
            name = attribute.get("Name")
            if attribute.tag != f"{{{NAMESPACE}}}Attribute" or not name:
                _wrong("got an attribute without a name or one that is encrypted, expected plain ones")
            if name in found:
                _wrong(f"got the attribute {name[:128]!r} twice, expected each once")
            found[name] = [_text(value, empty=True) for value in _all(attribute, "AttributeValue")]
    return found


def _end(text: str | None, now: int) -> int:
    if text is None:
        _wrong("got no NotOnOrAfter, expected one: an assertion that does not end is a password")
    if now >= (ends := _time(text)) + LEEWAY_S:
        raise Refused(Code.TOKEN_EXPIRED, f"got an assertion that ended at {text[:64]}")
    return ends


def _time(text: str) -> int:
    try:
        return parse_rfc3339(text) // NS_PER_S
    except (ValueError, OverflowError):
        _wrong(f"got the time {text[:64]!r}, expected one in UTC")


def _all(parent: Any, name: str) -> list[Any]:
    return list(parent.findall(f"{{{NAMESPACE}}}{name}"))


def _one(parent: Any, name: str) -> Any:
    found = _all(parent, name)
    if len(found) != 1:
        _wrong(f"got {len(found)} of {name}, expected one")
    return found[0]


def _text(element: Any, *, empty: bool = False) -> str:
    """All that stands in it, which is text and nothing else."""
    text = (element.text or "").strip()
    if len(element) or not (text or empty) or len(text) > _MAX_TEXT or not text.isprintable():
        _wrong(f"got no plain text in {element.tag[:128]!r}, expected that and nothing else")
    return text


def _wrong(message: str) -> NoReturn:
    raise Refused(Code.TOKEN_CLAIMS, message)
