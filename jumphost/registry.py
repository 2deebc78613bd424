"""From a kind in the configuration to what implements it: the only importer of implementations."""

from collections.abc import Mapping

from jumphost.config.settings import Settings
from jumphost.config.site import Site
from jumphost.errors import Problem, Problems
from jumphost.policy import bundle
from jumphost.policy.base import Engine
from jumphost.policy.pool import Pool
from jumphost.target.base import Runner
from jumphost.target.connection import Reach
from jumphost.target.ssh import SshRunner


async def engine(site: Site, settings: Settings) -> Engine:
    """The policy engine of a site, ready to judge; Problems if its bundle or its kind cannot be used."""
    if settings.policy.engine == "opa":
        message = "got 'opa', expected auto or embedded: this version enforces with the embedded engine only"
        raise Problems([Problem(str(site.settings), 0, "policy.engine", message)])
    return await Pool.start(
        bundle.load(site.resolve(settings.policy.bundle)),
        workers=settings.policy.workers,
        deadline_ms=settings.policy.deadline_ms,
    )


def runners(settings: Settings) -> Mapping[str, Runner]:
    """What runs commands, by kind of target."""
    return {"ssh": SshRunner(Reach(window_bytes=settings.limits.window_bytes, login_s=settings.limits.login))}
