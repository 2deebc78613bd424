"""What certificate the gateway gets to be known by: the rules, pure.

The names come from the signer's own reading of the settings. Whose key it is that asks, only the gateway knows: a
certificate lives for a day, so that one which was taken over is not the gateway for long after it was thrown out.
"""

from jumphost.clock import NS_PER_S
from jumphost.config.load import SiteConfig
from jumphost.config.settings import host_names
from jumphost.signer.draft import SKEW_S, Draft, key_of, refuse
from jumphost.signer.protocol import IssueHost

TTL_S = 86_400


def certificate(asked: IssueHost, config: SiteConfig, now_ns: int) -> Draft:
    """The certificate of a gateway's host key, or Refused."""
    settings = config.settings
    known = host_names(settings)
    if not known:
        refuse(f"got no name for a gateway that listens on {settings.listen}, expected `names` in jumphost.yaml")
    now = now_ns // NS_PER_S
    return Draft(
        ca="host",
        kind="host",
        key=key_of(asked.public_key),
        key_id=settings.name,
        principal=known[0],
        also=known[1:],
        valid_after=now - SKEW_S,
        valid_before=now + TTL_S,
        critical={},
    )
