"""The detectors by name."""

from typing import Final

from jumphost.masking.detectors import (
    anthropic_key,
    aws_key,
    bearer,
    credit_card,
    email,
    gcp_key,
    github_token,
    gitlab_token,
    iban,
    jwt,
    npm_token,
    openai_key,
    password,
    phone,
    private_key,
    pypi_token,
    slack_token,
    stripe_key,
    us_ssn,
    vendor_key,
)
from jumphost.masking.detectors.base import Detector

_MODULES: Final = (
    credit_card, iban, us_ssn, email, phone, aws_key, gcp_key, github_token, gitlab_token, slack_token, stripe_key,
    openai_key, anthropic_key, npm_token, pypi_token, vendor_key, jwt, private_key, password, bearer,
)  # fmt: skip
DETECTORS: Final[dict[str, Detector]] = {module.DETECTOR.name: module.DETECTOR for module in _MODULES}
