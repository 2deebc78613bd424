"""What every edit of a site's files ends with: a running gateway takes them up, or it is said that none runs."""

from jumphost.config.site import Site
from jumphost.errors import Refused, Unavailable


def tell_gateway(site: Site, done: str) -> bool:
    """Has a running gateway read the site's files again; False if none runs, so that the files are enough.

    Refused or Unavailable, with what was ``done`` already, if one runs and did not take them.
    """
    from jumphost.gateway import control

    try:
        control.call(site.control_socket, "site.reload")
    except Refused as error:
        raise Refused(error.code, f"{done}, but the gateway did not take it: {error.message}") from error
    except Unavailable as error:
        if isinstance(error.__cause__, FileNotFoundError | ConnectionRefusedError):
            return False
        raise Unavailable(error.code, f"{done}, but the gateway was not told: {error.detail}") from error
    return True


def sentence(done: str, running: bool) -> str:
    """The line that a person reads."""
    return f"{done}; " + ("the gateway knows" if running else "no gateway runs: it will know when it starts")
