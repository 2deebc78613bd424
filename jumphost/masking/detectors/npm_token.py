"""npm access tokens. https://docs.npmjs.com/about-access-tokens"""

from jumphost.masking.detectors.base import fill, token

DETECTOR = token(
    "npm_token",
    ("npm_",),
    "0-9A-Za-z",
    36,
    examples=(
        b"//registry.npmjs.org/:_authToken=npm_" + fill(36),
        b"npm_" + fill(36) + b"\n",
        b"'npm_" + fill(36) + b"'",
        b"NPM_TOKEN: npm_" + fill(36),
        b"3687,Nils,npm_" + fill(36) + b",881.50",
    ),
    near_misses=(
        b"npm_config_registry",
        b"npm_" + fill(20),
        b"xnpm_" + fill(36),
        b"npm_" + b"x" * 36,
        b"npm_package_dependencies_left_pad",
        b"npm-" + fill(36),
    ),
)
