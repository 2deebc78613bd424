"""A SAML identity provider: real keys and signatures over assertions that say what a test wants."""

import secrets
from pathlib import Path
from typing import Any

from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.signer import XMLSigner

from jumphost.clock import NS_PER_S, Clock, rfc3339
from jumphost.testing.issuer import AUDIENCE
from jumphost.testing.tls import certificate

ENTITY = "https://idp.example/metadata"
RECIPIENT = "https://gateway.example:8443/v1/certificate"
NAMES = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
LIFE_S = 300


class LocalIdp:
    """Its certificate is ``cert``; ``sign`` envelopes a signature in the element with an id."""

    def __init__(self, folder: Path, clock: Clock, name: str = "idp") -> None:
        self.cert, self.key = certificate(folder, name)
        self._clock = clock

    def assertion(self, *, who: str = "order-service", extra: str = "", **changes: Any) -> str:
        """One that is good for five minutes, unsigned; changes are of its fields, None takes one away."""
        now = self._clock.now_ns()
        ends = rfc3339(now + LIFE_S * NS_PER_S)
        said: dict[str, Any] = {
            "id": f"_{secrets.token_hex(8)}",
            "issuer": ENTITY,
            "not_before": rfc3339(now),
            "not_on_or_after": ends,
            "audience": AUDIENCE,
            "recipient": RECIPIENT,
            "confirmed_until": ends,
            "in_response_to": None,
            "roles": ("release",),
            "repository": "acme/payments",
            **changes,
        }
        roles = "".join(f"<saml:AttributeValue>{role}</saml:AttributeValue>" for role in said["roles"])
        audience = f"<saml:Audience>{said['audience']}</saml:Audience>" if said["audience"] is not None else ""
        restriction = f"<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>" if audience else ""
        conditions = _attributes(NotBefore=said["not_before"], NotOnOrAfter=said["not_on_or_after"])
        confirmation = _attributes(
            Recipient=said["recipient"], NotOnOrAfter=said["confirmed_until"], InResponseTo=said["in_response_to"]
        )
        return (
            f'<saml:Assertion {NAMES} Version="2.0" ID="{said["id"]}" IssueInstant="{rfc3339(now)}">'
            f"<saml:Issuer>{said['issuer']}</saml:Issuer>"
            f"<saml:Subject><saml:NameID>{who}</saml:NameID>"
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f"<saml:SubjectConfirmationData{confirmation}/></saml:SubjectConfirmation></saml:Subject>"
            f"<saml:Conditions{conditions}>{restriction}</saml:Conditions>"
            f'<saml:AttributeStatement><saml:Attribute Name="repository"><saml:AttributeValue>{said["repository"]}'
            f'</saml:AttributeValue></saml:Attribute><saml:Attribute Name="roles">{roles}</saml:Attribute>'
            f"</saml:AttributeStatement>{extra}</saml:Assertion>"
        )

    def response(self, inside: str) -> str:
        """A response around it."""
        now = rfc3339(self._clock.now_ns())
        return (
            f'<samlp:Response {NAMES} Version="2.0" ID="_{secrets.token_hex(8)}" IssueInstant="{now}">'
            f"<saml:Issuer>{ENTITY}</saml:Issuer><samlp:Status>"
            '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
            f"{inside}</samlp:Response>"
        )

    def sign(self, text: str, *, algorithm: str = "ecdsa-sha256", digest: str = "sha256") -> str:
        """The document with its root signed."""
        signer = XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=algorithm,
            digest_algorithm=digest,
            c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
        )
        root = etree.fromstring(text.encode())
        made = signer.sign(
            root,
            key=self.key.read_bytes(),
            cert=self.cert.read_text(),
            reference_uri=f"#{root.get('ID')}",
            id_attribute="ID",
        )
        return str(etree.tostring(made, encoding="unicode"))

    def token(self, **changes: Any) -> str:
        """A response with a signed assertion, as a provider posts it."""
        return self.response(self.sign(self.assertion(**changes)))


def _attributes(**values: str | None) -> str:
    return "".join(f' {name}="{value}"' for name, value in values.items() if value is not None)
