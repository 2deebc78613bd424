"""Names of files that hold secrets on most machines: what a path says by its name, never what the file holds."""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from jumphost.command.secrets.hints import holder

HINTS: Final = (  # one of them is in each secret path, in small letters, however its folders are joined
    *("shadow", "sudoers", "private", "secret", "key", ".pem", "credential", "token", "passw", "vault", "history"),
    *(
        "environ",
        "krb5",
        ".env",
        ".ssh",
        "id_",
        "pgpass",
        ".cnf",
        "netrc",
        ".docker",
        ".kube",
        "kubernetes/",
        "k3s.yaml",
    ),
    *(".p12", ".pfx", ".jks", ".kdbx", ".ppk", ".ovpn", "passwd", "wp-config", "rclone", ".boto", ".s3cfg", "tfstate"),
    *(".terraform", "npmrc", "pypirc", ".m2", "auth.json", ".azure", "gnupg", ".config", "wireguard"),
    *("letsencrypt", "system-connections", "/mem", "kmem", "kcore", "viminfo", "lesshst", "histfile", "sss"),
    *(".aws", ".gem", "password-store", "kubelet", "k3s.yaml", "chap", "pap-"),
)
_hinted: Final = holder(HINTS)
_MAX_CHARS: Final = 4096  # PATH_MAX of Linux
_ELSEWHERE = re.compile(r"\b(?!file:)[a-z][a-z0-9+.-]{0,15}://[^\s'\"]*", re.IGNORECASE)  # not on this machine
_PIECE = re.compile(r"[^\s'\"`=@:,;<>()|&]+")
_NOT_SECRET = re.compile(
    r"\.pub$|/(?:known_hosts|authorized_keys|authorized_principals)[^/]*$|\.ssh/config$|/etc/ssl/certs/"
    r"|(?:^|/)(?:(?:full)?chain|cert|ca|ca-bundle|cacert|ca-cert|cert-bundle|tls-ca-bundle|dhparams?)[0-9]*\.pem$"
    r"|(?:^|/)[^/]*(?:public|\.crt|\.cert)[^/]*\.pem$|\.env\.(?:dist|example|sample|template)$"
)
SECRET: Final = re.compile(
    r"""
    (?:^|/)etc/(?: g?shadow-? | sudoers (?:\.d(?:/.*)?)? | security/opasswd | krb5\.keytab | ipsec\.secrets
        | ppp/(?:chap|pap)-secrets | rndc\.key | mysql/debian\.cnf | wireguard(?:/.*)? | ssl/private(?:/.*)?
        | pki/tls/private(?:/.*)? | ssh/ssh_host_\w+_key | letsencrypt/(?:live|archive|accounts|keys)(?:/.*)?
        | NetworkManager/system-connections(?:/.*)? | kubernetes/(?:[a-z-]+\.conf | pki(?:/.*)?)
        | rancher/k3s/k3s\.yaml ) $
    | (?:^|/)proc/[^/]+/(?:task/[^/]+/)?(?:environ|mem)$ | (?:^|/)proc/kcore$ | (?:^|/)dev/k?mem$
    | (?:^|/)run/secrets(?:/|$) | (?:^|/)var/lib/(?:sss/(?:db|secrets)|kubelet/pki)(?:/|$) | (?:^|/)krb5cc_[^/]*$
    | (?:^|/)\.(?:ssh|gnupg|azure|password-store)(?:/|$)
    | (?:^|/)id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?:[._-][^/]*)?$
    | (?:^[^.]|/)[^/]*(?<=[^/.])\.(?:pem|key|p12|pfx|jks|keystore|keytab|kdbx|ppk|ovpn|tfstate)
        (?:\.(?:bak|old|backup))?$
    | (?:^|/)\.aws/(?:credentials|config|sso|cli)(?:/|$) | (?:^|/)\.kube/(?:config|cache)[^/]*$
    | (?:^|/)\.docker/config\.json$ | (?:^|/)\.config/(?:gcloud|gh|rclone|containers/auth\.json|doctl|hub)(?:/|$)
    | (?:^|/)\.(?:dockercfg|pgpass|my\.cnf|mylogin\.cnf|netrc|vault-token|git-credentials|htpasswd|npmrc|pypirc|s3cfg
        |boto|terraformrc|viminfo|lesshst|histfile|env(?:\.[\w-]+)?)$
    | (?:^|/)\.?vault[_-]?pass(?:word)?[^/]*$ | (?:^|/)\.(?:\w+_)?history$
    | (?:^|/)\.(?:gem|cargo)/credentials(?:\.toml)?$ | (?:^|/)\.terraform\.d/credentials\.tfrc\.json$
    | (?:^|/)\.m2/settings(?:-security)?\.xml$ | (?:^|/)\.(?:composer|local/share/opencode)/auth\.json$
    | (?:^|/)(?:wp-config\.php|rclone\.conf|auth\.json|(?:application_default_)?credentials\.json|secrets?\.ya?ml)$
    """,
    re.VERBOSE,
)


def in_text(text: str) -> Iterator[str]:
    """The secret paths in ``text``, in normal form, wherever they stand: after ``=`` and ``@`` and within code too."""
    if not _hinted(text.lower()):
        return
    for piece in _PIECE.findall(_ELSEWHERE.sub(" ", text)):
        if len(piece) <= _MAX_CHARS and _hinted(piece.lower()):
            path = posixpath.normpath(piece)
            path = path[1:] if path.startswith("//") else path
            if SECRET.search(path) and not _NOT_SECRET.search(path):
                yield path
