"""The settings that docs/exchange.md shows are taken as they stand."""

import re
from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.load import load_site
from jumphost.config.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs/exchange.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def settings(folder: Path, block: str) -> Settings:
    site = create_site(folder / "site", example=True)
    for name in re.findall(r"keys/[a-z.]+", block):
        (site.root / name).write_text("")
        (site.root / name).chmod(0o600)
    site.settings.write_text(f"{site.settings.read_text()}\n{block}")
    return load_site(site).settings


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_settings(tmp_path: Path, block: str) -> None:
    (issuer,) = settings(tmp_path, block).issuers.values()
    assert issuer.match[0].identity == "order-service"


def test_there_is_a_recipe_for_each_kind(tmp_path: Path) -> None:
    for number in range(len(BLOCKS)):
        (tmp_path / str(number)).mkdir()
    kinds = [next(iter(settings(tmp_path / str(n), block).issuers.values())).kind for n, block in enumerate(BLOCKS)]
    assert kinds == ["oidc", "oidc", "oidc", "oidc", "spiffe", "saml"]
