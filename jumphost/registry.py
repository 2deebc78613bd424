"""From a kind in the configuration to what implements it: the only importer of implementations."""

import hashlib
import tempfile
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from jumphost import wire
from jumphost.clock import Clock, SystemClock, utc
from jumphost.command.profiled.profile import encode
from jumphost.config.credentials import Jwt, MariaDb, RabbitMq, Redis, Stored
from jumphost.config.issuers import Issuer
from jumphost.config.load import SiteConfig, entry_line, load_site
from jumphost.config.settings import Policy, Settings
from jumphost.config.site import Site
from jumphost.credential.base import Delivery, Provider
from jumphost.errors import Code, JumphostError, Problem, Problems, Unavailable
from jumphost.identity import saml
from jumphost.identity.base import TokenIssuer
from jumphost.identity.keys import IssuerKeys
from jumphost.identity.keysource import source
from jumphost.identity.oidc import OidcIssuer
from jumphost.identity.saml import SamlIssuer
from jumphost.identity.spiffe import SpiffeIssuer
from jumphost.masking import custom
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.plan import EVERY
from jumphost.model.target import Target
from jumphost.policy import bundle, detectors, profiles
from jumphost.policy.base import DocumentEngine, Engine
from jumphost.policy.opa import binary
from jumphost.policy.pool import Pool, inspect
from jumphost.secret import Secret
from jumphost.signer.client import ephemeral
from jumphost.target import process_check
from jumphost.target.base import Runner
from jumphost.target.check import Checker, Finding
from jumphost.target.connection import Reach
from jumphost.target.process import ProcessRunner
from jumphost.target.ssh import SshRunner

log = structlog.get_logger(__name__)


def config(site: Site) -> SiteConfig:
    """What the files of a site say, held to what the implementations know too; raises as ``load_site``."""
    found = load_site(site)
    if not found.settings.mask.detectors:
        return found
    own = detectors.load(site.resolve(found.settings.policy.bundle))
    return load_site(site, checks={"mask.detectors": partial(_unknown, (EVERY, *DETECTORS, *own))})


async def engine(site: Site, settings: Settings) -> Engine:
    """The policy engine of a site, ready to judge.

    Raises Problems if its bundle cannot be used, Unavailable if the engine of its settings does not start.
    """
    policy = settings.policy
    if policy.url or policy.socket:
        return await _remote(site, policy)
    return await local_engine(policy, site.resolve(policy.bundle), site)


async def local_engine(policy: Policy, directory: Path, site: Site | None) -> DocumentEngine:
    """An engine of our own for the bundle in a folder; raises as :func:`engine`."""
    loaded = bundle.load(directory)
    root, parent = (site.root, site.run) if site else (None, Path(tempfile.gettempdir()))
    command = None if policy.engine == "embedded" else binary.chosen(root)
    if command is None and policy.engine == "opa":
        message = f"no opa {binary.VERSION} or later is found: `jumphost policy engine install` gets one"
        raise Unavailable(Code.POLICY_UNAVAILABLE, message)
    if command is None:
        return await Pool.start(loaded, workers=policy.workers, deadline_ms=policy.deadline_ms)
    unseen = [one for one in await inspect(loaded.modules, whole=True) if one.code.startswith(("schema.", "id."))]
    if unseen:
        raise Problems(unseen, code=Code.POLICY_INVALID)
    from jumphost.policy.opa.engine import Opa

    return await Opa.managed(loaded, str(command), parent, workers=policy.workers, deadline_ms=policy.deadline_ms)


def _unknown(known: Collection[str], value: Mapping[str, str]) -> Iterator[str]:
    for name in value:
        if name not in known:
            yield f"got {name!r}, expected one of {', '.join(known)}"


async def _remote(site: Site, policy: Policy) -> Engine:
    from jumphost.policy.opa.engine import Opa
    from jumphost.policy.opa.place import Place

    try:
        token = Secret(site.resolve(policy.token).read_bytes().strip()) if policy.token else None
    except OSError as error:
        message = f"the token of the policy engine cannot be read: {policy.token}: {error.strerror}"
        raise Unavailable(Code.POLICY_UNAVAILABLE, message) from error
    place = Place(
        url=policy.url,
        socket=str(site.resolve(policy.socket)) if policy.socket else "",
        token=token,
        ca=str(site.resolve(policy.ca)) if policy.ca else "",
    )
    folder = site.resolve(policy.bundle)
    return await Opa.remote(
        place,
        workers=policy.workers,
        deadline_ms=policy.deadline_ms,
        profiles=encode(profiles.with_shipped(folder)),
        detectors=custom.encode(detectors.load(folder).values()),
    )


def token_issuer(site: Site, name: str, issuer: Issuer, clock: Clock) -> TokenIssuer:
    """What verifies the tokens of an issuer."""
    if issuer.kind == "saml":
        return SamlIssuer(name, issuer, site)
    keys = IssuerKeys(name, source(issuer, site), clock)
    return SpiffeIssuer(name, issuer, keys) if issuer.kind == "spiffe" else OidcIssuer(name, issuer, keys)


async def issuer_keys(site: Site, issuer: Issuer, now_ns: int) -> None:
    """Returns if the keys of an issuer can be had; OSError, TimeoutError or ValueError says why not."""
    if issuer.kind != "saml":
        await source(issuer, site)()
        return
    now = utc(now_ns)
    certificates = saml.pinned(site.resolve(issuer.certificate))
    if not any(one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in certificates):
        raise ValueError("got only certificates that ended or have not begun, expected one that is valid now")


def reach(settings: Settings) -> Reach:
    """How the targets of a site are reached."""
    limits = settings.limits
    return Reach(window_bytes=limits.window_bytes, login_s=limits.login, suite=wire.SUITES[settings.crypto])


def providers(site: Site, settings: Settings) -> Mapping[str, Provider]:
    """What makes credentials, by name of ``credentials:``; nothing is asked of a server yet."""
    return {name: provider(site, settings, name) for name in settings.credentials}


def provider(site: Site, settings: Settings, name: str) -> Provider:
    """What makes the credential of a name that there is."""
    source = settings.credentials[name]
    if isinstance(source, Stored):
        from jumphost.credential.stored import StoredProvider

        return StoredProvider(site.resolve(source.secret), site.resolve(source.identity))
    if isinstance(source, Jwt):
        from jumphost.credential.jwt import JwtProvider

        return JwtProvider(source, site.resolve(source.key), SystemClock())
    mark = _mark(site, settings, name)
    admin, ca = site.resolve(source.admin), site.resolve(source.ca) if source.ca else None
    if isinstance(source, Redis):
        from jumphost.credential.redis import RedisProvider

        return RedisProvider(source, admin=admin, ca=ca, mark=mark)
    if isinstance(source, MariaDb):
        from jumphost.credential.mariadb import MariaDbProvider

        return MariaDbProvider(source, admin=admin, ca=ca, mark=mark)
    if isinstance(source, RabbitMq):
        from jumphost.credential.rabbitmq import RabbitMqProvider

        return RabbitMqProvider(source, admin=admin, ca=ca, mark=mark)
    from jumphost.credential.postgres import PostgresProvider
    from jumphost.credential.postgres_admin import Admin

    return PostgresProvider(source, Admin(source, admin=admin, ca=ca), mark=mark)


def published_keys(site: Site, settings: Settings) -> Mapping[str, Any]:
    """The JWKS of all tokens that are made for commands; a key that cannot be used signs none, and is passed over."""
    from jumphost.credential.jwt import jwks

    entries = settings.credentials.values()
    found: dict[str, Any] = {}
    for path in dict.fromkeys(site.resolve(entry.key) for entry in entries if isinstance(entry, Jwt)):
        try:
            found |= {key["kid"]: key for key in jwks(path)["keys"]}
        except Unavailable as error:
            log.warning("jwks.key_unusable", detail=error.detail)
    return {"keys": [*found.values()]}


def _mark(site: Site, settings: Settings, name: str) -> str:
    """Tells what this gateway made at a server for an entry from what others made there: 32 bits."""
    of = (site.keys / "target_ca.pub").read_bytes(), settings.name.encode(), name.encode()
    return hashlib.sha256(b"\0".join(of)).hexdigest()[:8]


def deliveries(site: Site, settings: Settings) -> Mapping[tuple[str, str], Delivery]:
    """How leases reach commands, by kind of target and name: those of ``config.credentials.BUILT``."""
    from jumphost.credential.delivery.file import FileDelivery
    from jumphost.credential.delivery.proxy import ProxyDelivery

    proxy = ProxyDelivery(settings.credentials, site.resolve)
    file = FileDelivery(settings.credentials, site.resolve)
    return {("ssh", "proxy"): proxy, ("ssh", "file"): file, ("process", "proxy"): proxy}


def runners(site: Site, settings: Settings) -> Mapping[str, Runner]:
    """What runs commands, by kind of target."""
    return {"ssh": SshRunner(reach(settings)), "process": ProcessRunner(site.root)}


async def unfit(site: Site, targets: Mapping[str, Target]) -> list[Problem]:
    """What keeps commands from running on the targets of kind process: whether their sandboxes can be made."""
    found = []
    for target in (one for one in targets.values() if one.kind == "process"):
        try:
            await process_check.trial(target, site.root)
        except JumphostError as error:
            line, message = entry_line(site.targets, target.name), f"{error.message} ({error.detail})"
            found.append(Problem(str(site.targets), line, target.name, message, error.code))
    return found


async def check_target(site: Site, config: SiteConfig, target: Target) -> list[Finding]:
    """What ``target check`` finds; raises as ``target.check.Checker.check``."""
    if target.kind == "process":
        return await process_check.check(target, site.root)
    async with ephemeral(site) as signer:
        return await Checker(signer, config, reach(config.settings)).check(target)
