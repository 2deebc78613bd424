"""GitLab tokens. https://docs.gitlab.com/security/tokens/#token-prefixes"""

from jumphost.masking.detectors.base import fill, token

DETECTOR = token(
    "gitlab_token",
    (
        *("glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-"),
        *("glsoat-", "glwt-", "glffct-", "gloas-", "GR1348941"),
    ),
    "0-9A-Za-z_.=-",
    20,
    examples=(
        b"PRIVATE-TOKEN: glpat-" + fill(20),
        b"glptt-" + fill(40) + b"\n",
        b"'gldt-" + fill(20) + b"'",
        b"glrt-" + fill(20) + b" ",
        b"reg=GR1348941" + fill(20) + b";",
        b"glcbt-64_" + fill(20),
    ),
    near_misses=(
        b"glpat-" + fill(12),
        b"glpat-" + b"x" * 20,
        b"xglpat-" + fill(20),
        b"glpat_" + fill(20),
        b"glrt-",
        b"gl-" + fill(20),
    ),
)
