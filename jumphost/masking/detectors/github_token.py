"""GitHub tokens, classic and fine-grained.

https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
"""

from jumphost.masking.detectors.base import fill, token

DETECTOR = token(
    "github_token",
    ("gh[pousr]_", "github_pat_"),
    "0-9A-Za-z_",
    36,
    examples=(
        b"remote: ghp_" + fill(36),
        b"https://x:gho_" + fill(36) + b"@github.com",
        b"GH=ghs_" + fill(36) + b";",
        b"'ghu_" + fill(76) + b"'",
        b"github_pat_" + fill(22) + b"_" + fill(59),
    ),
    near_misses=(
        b"ghp_" + fill(20),
        b"ghp_" + b"x" * 36,
        b"ghx_" + fill(36),
        b"aghp_" + fill(36),
        b"github_pat_",
        b"ghp_ " + fill(36),
    ),
)
