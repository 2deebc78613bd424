"""What a target's sshd needs, so that a certificate of our target CA and nothing else opens its logins."""

from typing import Final

from msgspec import Struct

from jumphost.model.target import Target

ETC: Final = "/etc/ssh"

# A login of ours is opened by a certificate alone and gets a command alone. SHLVL keeps bash from reading ~/.bashrc and
# ZDOTDIR keeps zsh from reading ~/.zshenv: either could define an exec() that takes the forced command over (measured).
_RULES: Final = """\
    TrustedUserCAKeys {folder}/target_ca.pub
    AuthorizedPrincipalsFile {folder}/principals/%u
    AuthorizedPrincipalsCommand none
    AuthorizedKeysFile none
    AuthorizedKeysCommand none
    PubkeyAuthentication yes
    AuthenticationMethods publickey
{forwarding}    AllowAgentForwarding no
    PermitTunnel no
    X11Forwarding no
    PermitTTY no
    PermitUserRC no
    SetEnv SHLVL=1 ZDOTDIR=/nonexistent
"""
_CLOSED: Final = """\
    AllowTcpForwarding no
    AllowStreamLocalForwarding no
"""
# For sockets of leases, which only certificates with permit-port-forwarding may ask for. Without TCP forwarding sshd
# makes none (measured, OpenSSH 9.2), so it is open in one direction, with no port to listen on.
_SOCKETS: Final = """\
    AllowTcpForwarding remote
    PermitListen none
    AllowStreamLocalForwarding remote
"""


class File(Struct, frozen=True):
    """A file of the target; ``mode`` is octal text."""

    path: str
    mode: str
    content: str


class Enrolment(Struct, frozen=True):
    """All that is to be done on a target, as files and as a shell script that writes them."""

    target: str
    logins: tuple[str, ...]
    files: tuple[File, ...]
    script: str


def enrolment(target: Target, target_ca: str, *, sockets: bool = False) -> Enrolment:
    """What to put on ``target``; ``target_ca`` is the target CA, a public key a line: two while it is changed.

    ``sockets``: commands may get credentials by proxy there.
    """
    forwarding = _SOCKETS if sockets else _CLOSED
    return Enrolment(
        target=target.name,
        logins=target.logins,
        files=tuple(
            File(path=path, mode="0644", content=content)
            for path, content in _files(target, target_ca, forwarding, ETC).items()
        ),
        script=_script(target, target_ca, forwarding),
    )


def _files(target: Target, target_ca: str, forwarding: str, etc: str) -> dict[str, str]:
    folder = f"{etc}/jumphost/{target.name}"
    root = "    PermitRootLogin prohibit-password\n" if "root" in target.logins else ""
    return {
        f"{folder}/target_ca.pub": target_ca.strip() + "\n",
        **{f"{folder}/principals/{login}": target.principal(login) + "\n" for login in target.logins},
        f"{etc}/sshd_config.d/00-jumphost-{target.name}.conf": (
            f"Match User {','.join(target.logins)}\n{root}{_RULES.format(folder=folder, forwarding=forwarding)}"
        ),
    }


def _script(target: Target, target_ca: str, forwarding: str) -> str:
    """Written to be read, pasted or piped into ``sh``; every name in it is one that the site's files may hold."""
    folder = f"$etc/jumphost/{target.name}"
    writes = "".join(
        f'cat >"{path}" <<END\n{content}END\n'
        for path, content in _files(target, target_ca, forwarding, "$etc").items()
    )
    return f"""\
# As root on {target.host}: lets jumphost log in as {" and ".join(target.logins)} (target {target.name}).
# All other logins stay as they are. Needs Linux, OpenSSH 8.2 or newer, and a grep with -z.
(set -eu
etc=${{ETC:-{ETC}}}
umask 022
mkdir -p "{folder}/principals" "$etc/sshd_config.d"
{writes}\
grep -qiE '^[[:space:]]*Include[[:space:]]+"?'"$etc/sshd_config.d/" "$etc/sshd_config" || {{
  echo "missing: put this line at the top of $etc/sshd_config: Include $etc/sshd_config.d/*.conf" >&2; exit 1; }}
PATH=$PATH:/usr/sbin sshd -t -f "$etc/sshd_config"
echo "now let sshd read it: systemctl reload ssh (or sshd); then: jumphost target check {target.name}")
"""
