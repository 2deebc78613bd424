"""Tokens of further vendors that have a prefix and a length of their own, and Azure storage keys by their name.

SendGrid, DigitalOcean, Hugging Face, HashiCorp Vault, Databricks, age, Shopify, Grafana, Linear, Figma, Docker, Sentry,
Atlassian, Postman, New Relic, Square and 1Password, each as its documentation says.
"""

import re
from dataclasses import replace
from typing import Final

from jumphost.masking.detectors.base import ALNUM, Answer, Detector, Hold, Match, Trigger, fill, token

_KINDS: Final = (
    token("vendor_key", ("SG\\.[0-9A-Za-z_-]{22}\\.",), "0-9A-Za-z_-", 43, examples=(), near_misses=(), strong=6),
    token("vendor_key", ("do[opr]_v1_",), "0-9a-f", 64, examples=(), near_misses=()),
    token("vendor_key", ("hf_", "api_org_"), "0-9A-Za-z", 34, examples=(), near_misses=(), strong=3),
    token("vendor_key", ("hv[sbr]\\.",), "0-9A-Za-z_-", 24, examples=(), near_misses=()),
    token("vendor_key", ("dapi[0-9a-f]",), "0-9a-f-", 31, examples=(), near_misses=()),
    token("vendor_key", ("AGE-SECRET-KEY-1",), "0-9A-Z", 58, examples=(), near_misses=(), strong=5),
    token("vendor_key", ("shp[acps][at]_", "shpss_"), "0-9a-fA-F", 32, examples=(), near_misses=()),
    token(
        "vendor_key",
        ("glsa_", "lin_api_", "figd_", "dckr_pat_", "sntry[su]_"),
        "0-9A-Za-z_-",
        27,
        examples=(),
        near_misses=(),
    ),
    token("vendor_key", ("ATATT3", "ops_ey"), "0-9A-Za-z_=-", 60, examples=(), near_misses=(), strong=5),
    token(
        "vendor_key",
        ("PMAK-[0-9a-f]", "NRAK-[0-9A-Z]", "sq0[ac][st]p-"),
        "0-9A-Za-z_-",
        22,
        examples=(),
        near_misses=(),
    ),
)
_AZURE: Final = Trigger("accountkey=", before=ALNUM, nocase=True, held=False)
_AZURE_KEY: Final = re.compile(rb"[0-9A-Za-z+/]{86}==")
_AZURE_UNFINISHED: Final = re.compile(rb"[0-9A-Za-z+/]{0,86}+={0,2}+\Z")
_AZURE_LENGTH: Final = 88


def _azure(buffer: bytes, at: int, final: bool) -> Answer:
    start = at + len(_AZURE.elements)
    ahead = buffer[start : start + _AZURE_LENGTH]
    if _AZURE_KEY.match(ahead):
        return Match(start, start + _AZURE_LENGTH)
    return Hold(start) if len(ahead) < _AZURE_LENGTH and _AZURE_UNFINISHED.match(ahead) and not final else None


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    if buffer[at : at + 1] in b"Aa" and buffer[at + 1 : at + 2] in b"Cc":
        return _azure(buffer, at, final)
    for kind in _KINDS:
        if answer := kind.confirm(buffer, at, final):
            return answer
    return None


DETECTOR: Final[Detector] = replace(
    _KINDS[0],
    triggers=(*(trigger for kind in _KINDS for trigger in kind.triggers), _AZURE),
    confirm=_confirm,
    limit=max(_AZURE_LENGTH, *(kind.limit for kind in _KINDS)),
    examples=(
        b"SG." + fill(22) + b"." + fill(43),
        b"dop_v1_" + fill(64, "0123456789abcdef"),
        b"token: hf_" + fill(34) + b"\n",
        b"VAULT_TOKEN=hvs." + fill(95),
        b"9890,Katya,dapi" + fill(32, "1cea6e47faf9bccb") + b",910.06",
        b"AGE-SECRET-KEY-1" + fill(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
        b"AccountName=a;AccountKey=" + fill(86) + b"==;EndpointSuffix=core.windows.net",
        b"shpat_" + fill(32, "0123456789abcdef"),
        b"GRAFANA=glsa_" + fill(32) + b"_77492c0f",
        b"'lin_api_" + fill(40) + b"'",
        b"dckr_pat_" + fill(27) + b"\n",
        b"user:ATATT3xFfGF0" + fill(180),
        b"PMAK-" + fill(24, "0123456789abcdef") + b"-" + fill(34, "0123456789abcdef"),
        b"sq0csp-" + fill(43),
    ),
    near_misses=(
        b"SG.short.key",
        b"dop_v1_" + fill(20, "0123456789abcdef"),
        b"hf_model_name",
        b"glsa_" + fill(12),
        b"figd_plugins_are_here",
        b"sentrys_" + fill(40),
        b"hvs.example.com",
        b"dapiffff",
        b"AGE-SECRET-KEY-1" + fill(20, "QPZRY9X8"),
        b"AccountKey=" + fill(40) + b";",
    ),
)
