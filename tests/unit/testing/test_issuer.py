"""The issuer of the tests is one: what it serves and signs, a stock library takes."""

import json
import urllib.request

import jwt
import pytest

from jumphost.clock import SystemClock
from jumphost.testing.issuer import AUDIENCE, DISCOVERY_PATH, serving


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_stock_library_verifies_its_tokens(algorithm: str) -> None:
    with serving(SystemClock(), algorithm) as issuer:
        with urllib.request.urlopen(issuer.url + DISCOVERY_PATH) as answer:
            found = json.load(answer)
        assert found["issuer"] == issuer.url
        old = issuer.token()
        for _ in range(2):
            client = jwt.PyJWKClient(found["jwks_uri"])
            token = issuer.token(run_id="7")
            key = client.get_signing_key_from_jwt(token).key
            claims = jwt.decode(token, key, algorithms=[algorithm], audience=AUDIENCE, issuer=issuer.url)
            assert claims["run_id"] == "7"
            issuer.rotate()
        with pytest.raises(jwt.PyJWKClientError):
            jwt.PyJWKClient(found["jwks_uri"]).get_signing_key_from_jwt(old)
        issuer.down = True
        with pytest.raises(jwt.PyJWKClientError):
            jwt.PyJWKClient(found["jwks_uri"]).get_signing_key_from_jwt(token)
