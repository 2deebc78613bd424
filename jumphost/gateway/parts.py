"""What sessions work with; made once, by ``app``."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jumphost.approval.holds import Holds
from jumphost.clock import Clock
from jumphost.config.settings import Settings
from jumphost.credential.base import Delivery, LoginCredentials
from jumphost.credential.leases import Leases
from jumphost.gateway.admission import Admission
from jumphost.gateway.generations import Generations
from jumphost.gateway.room import Room
from jumphost.gateway.standing import Standing
from jumphost.gateway.tenants import Tenants
from jumphost.identity.enrolment import Enrolments
from jumphost.masking.plan import Masker, open_masker
from jumphost.policy.base import Engine
from jumphost.recording.quota import DailyQuota
from jumphost.store.requests import Requests
from jumphost.store.sqlite import Store
from jumphost.target.base import Runner


@dataclass(frozen=True, slots=True)
class Parts:
    """The ports, each with the implementation that the site asked for."""

    clock: Clock
    settings: Settings
    admission: Admission
    standing: Standing
    engine: Engine
    generations: Generations
    enrolments: Enrolments
    holds: Holds
    credentials: LoginCredentials
    runners: Mapping[str, Runner]  # by kind of target
    leases: Leases
    deliveries: Mapping[tuple[str, str], Delivery]  # by kind of target and name
    store: Store
    requests: Requests
    recordings: Path
    quota: DailyQuota
    room: Room = field(default_factory=Room)
    tenants: Tenants = field(default_factory=Tenants)
    open_masker: Callable[..., Masker] = open_masker
    mask_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)  # of pseudonyms
