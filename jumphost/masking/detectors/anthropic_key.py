"""Anthropic API and administration keys. https://docs.claude.com/en/api/overview"""

from jumphost.masking.detectors.base import fill, token

DETECTOR = token(
    "anthropic_key",
    ("sk-ant-",),
    "0-9A-Za-z_-",
    40,
    strong=5,
    examples=(
        b"sk-ant-api03-" + fill(93) + b"AA",
        b"ANTHROPIC_API_KEY=sk-ant-api03-" + fill(95) + b"\n",
        b"'sk-ant-admin01-" + fill(95) + b"'",
        b"x-api-key: sk-ant-" + fill(80) + b"\r\n",
        b'{"k":"sk-ant-oat01-' + fill(95) + b'"}',
    ),
    near_misses=(b"sk-ant-" + fill(20), b"sk-ant-" + b"x" * 60, b"task-ant-" + fill(95), b"sk-ants-api03-", b"sk-ant"),
)
