"""SAML 2.0 assertions of an identity provider whose certificate is pinned.

What counts is the text that was signed, read anew: never a part of the document that was sent. The document itself is
read strictly, so that there is nothing in it that a reader and a signature could see differently.
"""

import asyncio
import base64
import binascii
import re
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificates
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from jumphost.clock import utc
from jumphost.config.issuers import Issuer
from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Unavailable
from jumphost.identity import assertion
from jumphost.identity.assertion import ASSERTION, RESPONSE
from jumphost.identity.base import UnverifiedToken, VerifiedClaims

MAX_DOCUMENT = 65_536  # bytes; those of real providers have under 15,000
MAX_DEPTH = 32
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_ISSUER = f"{{{assertion.NAMESPACE}}}Issuer"
_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_XML = re.compile(rb"<|P[A-P]")  # base64 writes < so
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]+={0,2}\s*")


class SamlIssuer:
    """Implements ``TokenIssuer``; its keys are those of the certificates in a file of the site."""

    def __init__(self, name: str, issuer: Issuer, site: Site) -> None:
        self._name, self._issuer, self._file = name, issuer, site.resolve(issuer.certificate)
        self._verifying = asyncio.Lock()

    async def verify(self, token: UnverifiedToken, now_ns: int) -> VerifiedClaims:
        async with self._verifying:  # milliseconds, of a text that strangers send: one at a time, beside all else
            return await asyncio.to_thread(self._verify, token, now_ns)

    def _verify(self, token: UnverifiedToken, now_ns: int) -> VerifiedClaims:
        # (1) It can be read in one way only, and has one assertion.
        found = read(token)
        # (2) The provider signed it: from here on, only what was signed is looked at.
        try:
            certificates = pinned(self._file)
        except (OSError, ValueError) as error:
            message = f"the certificate of the issuer {self._name} cannot be read"
            raise Unavailable(Code.TOKEN_UNAVAILABLE, message, detail=str(error)) from None
        signed = _signed(found, certificates, now_ns)
        # (3) It is by this provider, to us, and for now.
        return assertion.check(signed, name=self._name, issuer=self._issuer, now_ns=now_ns)


def pinned(file: Path) -> list[Certificate]:
    """The certificates of a file, one after the other; OSError or ValueError if it holds none."""
    return load_pem_x509_certificates(file.read_bytes())


def looks_like_it(token: UnverifiedToken) -> bool:
    """Whether a token is meant to be XML, or XML in base64; a JWT never is."""
    return _XML.match(token.reveal()[:64].lstrip()) is not None


def issuer_of(token: UnverifiedToken) -> str:
    """Whom the assertion says it is by; to be believed for nothing but whose certificate to take."""
    one = _assertions(read(token))[0]
    return (one.findtext(_ISSUER) or "").strip()


def read(token: UnverifiedToken) -> Any:
    """The document's root; Refused (token.malformed) unless it is one that can be understood in one way only."""
    data = token.reveal().strip()
    if len(data) > MAX_DOCUMENT * 3 // 2:
        _malformed(f"{len(data)} bytes, expected at most {MAX_DOCUMENT} in base64")
    if not data.startswith(b"<"):
        data = _decoded(data)
    if len(data) > MAX_DOCUMENT:
        _malformed(f"{len(data)} bytes, expected at most {MAX_DOCUMENT}")
    # One encoding whatever it declares; no entity is resolved, no network and no file asked.
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        _malformed(f"no XML: {error}")
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        _malformed("a document type, expected none: it can define what a text means")
    _plain(root)
    if len(_assertions(root)) != 1:
        _malformed(f"{len(_assertions(root))} assertions that can be read, expected one")
    if root.tag not in (ASSERTION, RESPONSE):
        _malformed("neither a response nor an assertion at the top")
    return root


def _plain(root: Any) -> None:
    """Nothing that a signature passes over and a reader may not: comments, instructions, ids that stand twice."""
    ids: set[str] = set()
    depth = 0
    for event, node in etree.iterwalk(root.getroottree(), events=("start", "end", "comment", "pi")):
        depth += {"start": 1, "end": -1}.get(event, 0)
        if event == "end":
            continue
        if not isinstance(node.tag, str):
            _malformed("a comment, an instruction or an entity, expected elements and text only")
        for key, value in node.attrib.items():
            if etree.QName(key).localname.lower() == "id":
                if value in ids:
                    _malformed("an id twice, expected each once")
                ids.add(value)
        if depth > MAX_DEPTH:
            _malformed(f"elements nested deeper than {MAX_DEPTH}")


def _assertions(root: Any) -> list[Any]:
    """Every element of that name, also of another namespace: a second one is not to be overlooked."""
    return [node for node in root.iter() if etree.QName(node).localname in ("Assertion", "EncryptedAssertion")]


def _signed(root: Any, certificates: list[Certificate], now_ns: int) -> Any:
    """The assertion as it was signed, by itself or within a signed response; Refused (token.signature)."""
    own = root.tag == RESPONSE and root.find(f"{ASSERTION}/{SIGNATURE}") is not None
    location = f"./{ASSERTION}/" if own else "./"
    for certificate in certificates:
        if (found := _verified(root, certificate, location, now_ns)) is not None:
            break
    else:
        raise Refused(Code.TOKEN_SIGNATURE, "got an assertion that its provider did not sign")
    if found.tag == ASSERTION:
        return found
    inside = found.findall(ASSERTION) if found.tag == RESPONSE else []
    if len(inside) != 1:
        raise Refused(Code.TOKEN_SIGNATURE, "got a signature that is not over the assertion")
    return inside[0]


def _verified(root: Any, certificate: Certificate, location: str, now_ns: int) -> Any:
    """What the signature at a place covers, read anew from what was signed; None if it does not hold."""
    expected = SignatureConfiguration(
        require_x509=True,
        location=location,
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=utc(now_ns),
    )
    try:
        result = XMLVerifier().verify(root, x509_cert=certificate, id_attribute="ID", expect_config=expected)
    except (SignXMLException, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return result.signed_xml if isinstance(result, VerifyResult) else None


def _decoded(data: bytes) -> bytes:
    try:
        if not _BASE64.fullmatch(data):
            raise ValueError("other characters")
        return base64.b64decode(data, validate=False).strip()
    except (ValueError, binascii.Error) as error:
        _malformed(f"neither XML nor XML in base64: {error}")


def _malformed(what: str) -> NoReturn:
    raise Refused(Code.TOKEN_MALFORMED, f"got no readable assertion: {what}") from None
