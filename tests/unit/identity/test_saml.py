"""SAML assertions: what a pinned provider signed is believed, and nothing beside it, in whatever place it stands."""

import base64
import copy
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from jumphost.config.issuers import Issuer
from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Unavailable
from jumphost.identity import saml
from jumphost.identity.assertion import ASSERTION, RESPONSE
from jumphost.identity.base import VerifiedClaims
from jumphost.identity.saml import MAX_DOCUMENT, SIGNATURE, SamlIssuer
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import AUDIENCE, unverified
from jumphost.testing.saml import ENTITY, RECIPIENT, LocalIdp

EVIL = "deploy-bot"


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock("2026-12-01T12:00:00Z")
        self.idp = LocalIdp(folder, self.clock)
        self.folder = folder

    def issuer(self, certificate: str = "idp.pem") -> SamlIssuer:
        entry = Issuer(ENTITY, AUDIENCE, (), kind="saml", certificate=certificate, recipient=RECIPIENT)
        return SamlIssuer("sso", entry, Site(self.folder))

    async def verify(self, text: str, **how: Any) -> VerifiedClaims:
        return await self.issuer(**how).verify(unverified(text), self.clock.now_ns())

    async def refusal(self, text: str, **how: Any) -> Code:
        with pytest.raises(Refused) as caught:
            await self.verify(text, **how)
        return caught.value.code


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    "form",
    [
        lambda idp: idp.token(),
        lambda idp: base64.b64encode(idp.token().encode()).decode(),
        lambda idp: base64.encodebytes(idp.token().encode()).decode(),
        lambda idp: idp.sign(idp.assertion()),
        lambda idp: idp.sign(idp.response(idp.assertion())),
        lambda idp: idp.sign(idp.response(idp.sign(idp.assertion()))),
        lambda idp: "<?xml version='1.0' encoding='UTF-8'?>" + idp.token(),
        lambda idp: idp.response(idp.sign(idp.assertion(), algorithm="ecdsa-sha512", digest="sha512")),
    ],
)
async def test_what_a_provider_signed(bench: Bench, form: Callable[[LocalIdp], str]) -> None:
    text = form(bench.idp)
    assert saml.looks_like_it(unverified(text))
    assert saml.issuer_of(unverified(text)) == ENTITY
    found = await bench.verify(text)
    assert (found.issuer, found.subject) == ("sso", "order-service")
    assert found.claims == {"sub": "order-service", "repository": ["acme/payments"], "roles": ["release"]}


@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="install xmlsec1: no xmlsec1 on PATH")
async def test_what_xmlsec_signed(bench: Bench) -> None:
    template = (
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod '
        'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod '
        'Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/><ds:Reference URI="#_x"><ds:Transforms>'
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform '
        'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms><ds:DigestMethod '
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
        "<ds:SignatureValue/></ds:Signature>"
    )
    text = bench.idp.assertion(id="_x").replace("</saml:Issuer>", f"</saml:Issuer>{template}")
    (bench.folder / "in.xml").write_text(text)
    done = subprocess.run(
        [
            *("xmlsec1", "--sign", "--privkey-pem", f"{bench.idp.key},{bench.idp.cert}"),
            *("--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", str(bench.folder / "in.xml")),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (await bench.verify(bench.idp.response(done.stdout.partition("?>")[2]))).subject == "order-service"
    assert await bench.refusal(done.stdout.replace(">order-service<", f">{EVIL}<")) is Code.TOKEN_SIGNATURE


async def test_any_of_the_pinned_certificates_and_no_other(bench: Bench, tmp_path: Path) -> None:
    other = LocalIdp(tmp_path, bench.clock, "other")
    assert await bench.refusal(other.token()) is Code.TOKEN_SIGNATURE
    (tmp_path / "both.pem").write_text(other.cert.read_text() + bench.idp.cert.read_text())
    for idp in (other, bench.idp):
        assert (await bench.verify(idp.token(), certificate="both.pem")).subject == "order-service"
    (tmp_path / "none.pem").write_text("nonsense")
    for file in ("none.pem", "missing.pem"):
        with pytest.raises(Unavailable) as caught:
            await bench.verify(bench.idp.token(), certificate=file)
        assert caught.value.code is Code.TOKEN_UNAVAILABLE


async def test_a_certificate_that_ended_is_no_longer_pinned(bench: Bench) -> None:
    text = bench.idp.token()
    bench.clock.advance(20 * 365 * 86_400)
    assert await bench.refusal(text) is Code.TOKEN_SIGNATURE


@pytest.mark.parametrize(
    "text",
    [
        "<",
        "<a/>",
        "PD",
        "PDw8",
        "PD!!",
        "<saml:Assertion/>",
        "<a>&nbsp;</a>",
        "<" + "a" * MAX_DOCUMENT + "/>",
        "<a>" * 1000 + "</a>" * 1000,
        '<?xml version="1.0" encoding="UTF-16"?><a/>',
    ],
)
async def test_what_is_no_assertion(bench: Bench, text: str) -> None:
    assert await bench.refusal(text) is Code.TOKEN_MALFORMED


async def test_nothing_that_a_signature_passes_over(bench: Bench) -> None:
    """Canonical XML leaves comments out: with one, a name reads otherwise than it was signed."""
    text = bench.idp.token()
    for inserted in ("<!---->", "<?x?>"):
        forged = text.replace(">order-service<", f">order{inserted}-service<")
        assert forged != text
        assert await bench.refusal(forged) is Code.TOKEN_MALFORMED
    assert await bench.refusal(f"{text}<!-- -->") is Code.TOKEN_MALFORMED


async def test_entities_are_neither_expanded_nor_fetched(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    text = bench.idp.sign(bench.idp.assertion())
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    doctypes = {
        f'<!DOCTYPE a SYSTEM "file://{tmp_path}/secret">': "",
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]>': "&x;",
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]>': "&l9;",
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x">%p;]>': "",
        "<!DOCTYPE a [<!ATTLIST saml:Assertion ID ID #IMPLIED>]>": "",
    }
    for doctype, inserted in doctypes.items():
        forged = doctype + text.replace(">order-service<", f">{inserted}order-service<")
        with pytest.raises(Refused) as caught:
            await bench.verify(forged)
        assert caught.value.code is Code.TOKEN_MALFORMED
        assert "canary" not in caught.value.message


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "rsa-sha1", "ecdsa-sha1"])
async def test_weak_algorithms(bench: Bench, algorithm: str) -> None:
    text = bench.idp.token().replace("#ecdsa-sha256", f"#{algorithm}")
    assert await bench.refusal(text) is Code.TOKEN_SIGNATURE


async def test_no_signature_no_identity(bench: Bench) -> None:
    idp = bench.idp
    for text in (idp.assertion(), idp.response(idp.assertion())):
        assert await bench.refusal(text) is Code.TOKEN_SIGNATURE
    signed = idp.token()
    for changed in (
        signed.replace(">order-service<", f">{EVIL}<"),
        signed.replace("acme/payments", "acme/other"),
        signed.replace("#ecdsa-sha256", "#ecdsa-sha384"),
    ):
        assert await bench.refusal(changed) is Code.TOKEN_SIGNATURE


def parsed(text: str) -> Any:
    return etree.fromstring(text.encode())


def forged(assertion: Any, *, signature: bool = False) -> Any:
    """A copy that names another; its own signature is gone unless it is to stay."""
    evil = copy.deepcopy(assertion)
    evil.set("ID", "_evil")
    next(evil.iter("{*}NameID")).text = EVIL
    if not signature:
        evil.remove(evil.find(SIGNATURE))
    return evil


def without_signature(element: Any) -> Any:
    bare = copy.deepcopy(element)
    bare.remove(bare.find(SIGNATURE))
    return bare


def xsw1(idp: LocalIdp) -> Any:
    """The signed response within the signature of another one."""
    original = parsed(idp.sign(idp.response(idp.assertion())))
    evil = copy.deepcopy(original)
    evil.set("ID", "_evil")
    next(evil.iter("{*}NameID")).text = EVIL
    evil.find(SIGNATURE).append(without_signature(original))
    return evil


def xsw2(idp: LocalIdp) -> Any:
    """The signed response before the signature of another one."""
    original = parsed(idp.sign(idp.response(idp.assertion())))
    evil = copy.deepcopy(original)
    evil.set("ID", "_evil")
    next(evil.iter("{*}NameID")).text = EVIL
    evil.find(SIGNATURE).addprevious(without_signature(original))
    return evil


def xsw3(idp: LocalIdp) -> Any:
    """Another assertion before the signed one."""
    root = parsed(idp.token())
    root.find(ASSERTION).addprevious(forged(root.find(ASSERTION)))
    return root


def xsw4(idp: LocalIdp) -> Any:
    """The signed assertion within another one."""
    root = parsed(idp.token())
    original = root.find(ASSERTION)
    evil = forged(original)
    root.replace(original, evil)
    evil.append(original)
    return root


def xsw5(idp: LocalIdp) -> Any:
    """Another assertion with the signature of the one at the end."""
    root = parsed(idp.token())
    original = root.find(ASSERTION)
    root.replace(original, forged(original, signature=True))
    root.append(without_signature(original))
    return root


def xsw6(idp: LocalIdp) -> Any:
    """Another assertion with the signature, and in that the signed one."""
    root = parsed(idp.token())
    original = root.find(ASSERTION)
    evil = forged(original, signature=True)
    root.replace(original, evil)
    evil.find(SIGNATURE).append(without_signature(original))
    return root


def xsw7(idp: LocalIdp) -> Any:
    """Another assertion in an extension."""
    root = parsed(idp.token())
    extensions = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
    extensions.append(forged(root.find(ASSERTION)))
    root.insert(1, extensions)
    return root


def xsw8(idp: LocalIdp) -> Any:
    """The signed assertion in an object of the signature of another one."""
    root = parsed(idp.token())
    original = root.find(ASSERTION)
    evil = forged(original, signature=True)
    root.replace(original, evil)
    held = etree.SubElement(evil.find(SIGNATURE), "{http://www.w3.org/2000/09/xmldsig#}Object")
    held.append(without_signature(original))
    return root


WRAPPED = [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8]


@pytest.mark.parametrize("wrap", WRAPPED)
async def test_a_signature_wrapped_around_another_assertion(bench: Bench, wrap: Callable[[LocalIdp], Any]) -> None:
    text = etree.tostring(wrap(bench.idp)).decode()
    assert EVIL in text
    assert await bench.refusal(text) is Code.TOKEN_MALFORMED


@pytest.mark.parametrize("wrap", WRAPPED)
def test_behind_the_first_wall_the_signed_text_counts_alone(bench: Bench, wrap: Callable[[LocalIdp], Any]) -> None:
    """Had the document been taken, none of these would make anyone another."""
    pinned = saml.pinned(bench.idp.cert)
    with suppress(Refused):
        found = saml._signed(wrap(bench.idp), pinned, bench.clock.now_ns())
        assert next(found.iter("{*}NameID")).text == "order-service"


def test_what_looks_like_it(bench: Bench) -> None:
    for text in ("eyJhbGciOiJub25lIn0.e30.x", "jhe_x", "", "P", "PQ=="):
        assert not saml.looks_like_it(unverified(text))


async def test_two_of_anything_are_none(bench: Bench) -> None:
    idp = bench.idp
    twice = idp.sign(idp.assertion())
    renamed = twice.replace("saml:Assertion", "saml:EncryptedAssertion")
    for text in (idp.response(twice + twice), idp.response(twice + renamed), idp.response("")):
        assert await bench.refusal(text) is Code.TOKEN_MALFORMED
    same = idp.response(idp.sign(idp.assertion(id="_x"))).replace("<samlp:Status>", '<samlp:Status Id="_x">')
    assert await bench.refusal(same) is Code.TOKEN_MALFORMED
    assert parsed(idp.response("")).tag == RESPONSE


async def test_one_assertion_is_one_token_however_it_is_sent(bench: Bench) -> None:
    signed = bench.idp.sign(bench.idp.assertion())
    forms = (signed, bench.idp.response(signed), base64.b64encode(signed.encode()).decode(), f"\n{signed}\n")
    assert len({(await bench.verify(form)).once for form in forms}) == 1
    assert (await bench.verify(bench.idp.token())).once != (await bench.verify(signed)).once
