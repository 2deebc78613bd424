"""Google API keys, OAuth access tokens and client secrets. https://cloud.google.com/docs/authentication/api-keys"""

from jumphost.masking.detectors.base import fill, token

DETECTOR = token(
    "gcp_key",
    ("AIza", "ya29\\.", "GOCSPX-"),
    "0-9A-Za-z_-",
    27,
    examples=(
        b"key=AIza" + fill(35) + b"&x",
        b'"AIza' + fill(35) + b'"',
        b"token ya29." + fill(160),
        b"client_secret GOCSPX-" + fill(28) + b" ",
        b"AIza" + fill(35),
    ),
    near_misses=(
        b"AIza" + fill(20),
        b"AIzawa is a name",
        b"xAIza" + fill(35),
        b"ya29 buses",
        b"GOCSPX-",
        b"AIza" + b"x" * 35,
    ),
)
