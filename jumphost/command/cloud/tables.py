"""How kubectl, oc, helm, docker, podman, nerdctl and terraform are called: their verbs and the flags that are known.

From the help of kubectl 1.32.4, docker 28.2.2, podman 4.3.1 and terraform 1.11.4; oc, nerdctl and helm from their
manuals. A flag that is missing here makes the rest of a call unknown, no more.
"""

from collections.abc import Mapping
from typing import Final

from jumphost.command.cloud.tool import Flags, Tool

_KUBECTL: Final = Tool(
    fields={
        "namespace": ("namespace", ""),
        "context": ("context", ""),
        "cluster": ("context", "cluster:"),
        "kubeconfig": ("context", "kubeconfig:"),
        "server": ("context", "server:"),
        "user": ("account", "user:"),
        "username": ("account", "user:"),
        "as": ("account", "as:"),
        "as-group": ("account", "as-group:"),
        "as-uid": ("account", "as-uid:"),
        "client-certificate": ("account", "certificate:"),
        "token": ("account", "token"),
        "password": ("account", "password"),
    },
    before=Flags(
        "disable-compression insecure-skip-tls-verify match-server-version warnings-as-errors h:help",
        "as as-group as-uid cache-dir certificate-authority client-certificate client-key cluster context kubeconfig"
        " log-flush-frequency n:namespace password profile profile-output request-timeout s:server tls-server-name"
        " token user username v:v vmodule",
    ),
    common=Flags(
        "all all-containers A:all-namespaces all-pods delete-emptydir-data disable-eviction force force-conflicts"
        " ignore-daemonsets ignore-errors ignore-not-found list merge namespaced no-headers now overwrite prune"
        " q:quiet R:recursive record server-side show-kind show-labels show-managed-fields i:stdin timestamps t:tty"
        " w:watch watch-only",
        "api-group categories chunk-size c:container containers current-replicas duration field-manager"
        " field-selector f:filename for from from-file from-literal grace-period image k:kustomize L:label-columns"
        " limit-bytes limits max min o:output override-type overrides patch patch-file pod-running-timeout"
        " pod-selector port raw replicas requests resource-version restart revision l:selector since since-time"
        " skip-wait-for-delete-timeout sort-by subresource tail target template timeout to-revision type types verb",
    ),
    by_verb={
        "logs": Flags("f:follow p:previous prefix", ""),
        "patch": Flags("", "p:patch"),
        "proxy": Flags("", "w:www"),
        "run": Flags("rm command", "env labels"),
        "delete": Flags("i:interactive", ""),
        **dict.fromkeys(("top pod", "top pods", "top po"), Flags("containers sum", "")),
        "config view": Flags("flatten minify raw", ""),
    },
    groups=frozenset(["adm", "auth", "certificate", "config", "plugin", "rollout", "set", "top"]),
    perhaps={
        "apply": frozenset({"edit-last-applied", "set-last-applied", "view-last-applied"}),
        "cluster-info": frozenset({"dump"}),
    },
    everywhere=frozenset({"all-namespaces"}),
    files=frozenset({"filename", "kustomize"}),
    optional="cascade dry-run show-events validate wait",
    unsaid=frozenset({"raw"}),
)
_HELM: Final = Tool(
    fields={
        "namespace": ("namespace", ""),
        "kube-context": ("context", ""),
        "kubeconfig": ("context", "kubeconfig:"),
        "kube-apiserver": ("context", "server:"),
        "kube-as-user": ("account", "as:"),
        "kube-as-group": ("account", "as-group:"),
        "kube-token": ("account", "token"),
    },
    before=Flags(
        "debug h:help kube-insecure-skip-tls-verify",
        "burst-limit kube-apiserver kube-as-group kube-as-user kube-ca-file kube-context kube-tls-server-name"
        " kube-token kubeconfig n:namespace qps registry-config repository-cache repository-config",
    ),
    common=Flags(
        "a:all A:all-namespaces atomic cleanup-on-fail deployed failed pending superseded uninstalled"
        " create-namespace dependency-update devel force i:install keep-history no-hooks q:short reset-values"
        " reuse-values skip-crds wait wait-for-jobs",
        "description f:values filter history-max max m:max o:output repo revision set set-file set-json set-string"
        " timeout version",
    ),
    groups=frozenset(["completion", "dep", "dependency", "get", "plugin", "registry", "repo", "search", "show"]),
    everywhere=frozenset({"all-namespaces"}),
    optional="dry-run",
)
_CONTAINER: Final = Flags(
    "d:detach i:interactive init no-healthcheck oom-kill-disable privileged P:publish-all q:quiet read-only rm"
    " sig-proxy t:tty",
    "add-host annotation a:attach blkio-weight cap-add cap-drop cgroup-parent cgroupns cidfile cpu-period cpu-quota"
    " c:cpu-shares cpus cpuset-cpus cpuset-mems detach-keys device dns dns-option dns-search entrypoint e:env"
    " env-file expose group-add h:hostname ip ipc isolation l:label label-file link log-driver log-opt mac-address"
    " m:memory memory-reservation memory-swap mount name network network-alias oom-score-adj pid pids-limit platform"
    " p:publish pull restart runtime security-opt shm-size stop-signal stop-timeout storage-opt sysctl tmpfs ulimit"
    " u:user userns uts v:volume volume-driver volumes-from w:workdir",
)
_LIST: Final = Flags("a:all digests l:latest no-trunc q:quiet s:size", "f:filter format n:last")
_ENGINE_VERBS: Final[Mapping[str, Flags]] = {
    **dict.fromkeys(("run", "create", "container run", "container create"), _CONTAINER),
    **dict.fromkeys(("volume create", "network create"), Flags("", "d:driver l:label o:opt")),
    **dict.fromkeys(("secret create", "config create"), Flags("", "d:driver l:label")),
    "manifest create": Flags("a:amend insecure", ""),
    "exec": Flags("d:detach i:interactive privileged t:tty", "detach-keys e:env env-file u:user w:workdir"),
    **dict.fromkeys(("ps", "images", "ls"), _LIST),
    "logs": Flags("details f:follow t:timestamps", "since n:tail until"),
    "rm": Flags("f:force l:link v:volumes", ""),
    "rmi": Flags("f:force no-prune", ""),
    **dict.fromkeys(("stop", "restart"), Flags("", "s:signal t:timeout time")),
    "start": Flags("a:attach i:interactive", "checkpoint detach-keys"),
    "kill": Flags("", "s:signal"),
    "inspect": Flags("s:size v:verbose", "f:format type"),
    "stats": Flags("a:all no-stream no-trunc", "format"),
    "cp": Flags("a:archive L:follow-link q:quiet", ""),
    "build": Flags("no-cache q:quiet rm", "build-arg f:file label network platform target t:tag"),
    "pull": Flags("a:all-tags q:quiet", "platform"),
    "push": Flags("a:all-tags q:quiet", ""),
    "prune": Flags("a:all f:force volumes", "filter"),
    "commit": Flags("p:pause", "a:author c:change m:message"),
    "save": Flags("", "o:output"),
    "export": Flags("", "o:output"),
    "load": Flags("q:quiet", "i:input"),
    "login": Flags("password-stdin", "p:password u:username"),
    "events": Flags("", "f:filter format since until"),
    **dict.fromkeys(("info", "version"), Flags("", "f:format")),
    "history": Flags("H:human no-trunc q:quiet", "format"),
    "search": Flags("no-trunc", "f:filter format limit"),
    "update": Flags("", "cpus m:memory restart"),
    "compose": Flags(
        "all-resources compatibility dry-run",
        "ansi env-file f:file parallel profile progress project-directory p:project-name",
    ),
    "compose up": Flags("d:detach build remove-orphans wait", "scale t:timeout"),
    "compose down": Flags("remove-orphans v:volumes", "t:timeout"),
    "compose exec": Flags("d:detach privileged T:no-TTY", "e:env index u:user w:workdir"),
    "compose logs": Flags("f:follow no-color no-log-prefix t:timestamps", "since n:tail until"),
}
_DOCKER: Final = Tool(
    fields={
        "context": ("context", ""),
        "host": ("context", "server:"),
        "config": ("account", "config:"),
        "project-name": ("namespace", ""),
    },
    before=Flags(
        "D:debug tls tlsverify v:version help", "config c:context H:host l:log-level tlscacert tlscert tlskey"
    ),
    common=Flags("", "format filter"),
    by_verb=_ENGINE_VERBS,
    groups=frozenset(
        [
            "builder",
            "buildx",
            "checkpoint",
            "compose",
            "config",
            "container",
            "context",
            "image",
            "machine",
            "manifest",
            "network",
            "node",
            "plugin",
            "pod",
            "secret",
            "service",
            "stack",
            "swarm",
            "system",
            "trust",
            "volume",
        ]
    ),
    ends=frozenset({"run", "exec", "create", "compose run", "compose exec", "top"}),
    apart=True,
)
_PODMAN: Final = Tool(
    fields={
        "connection": ("context", ""),
        "url": ("context", "server:"),
        "identity": ("account", "certificate:"),
        "project-name": ("namespace", ""),
    },
    before=Flags("r:remote syslog v:version help", "c:connection identity log-level url"),
    common=Flags(valued="format filter"),
    by_verb={
        **_ENGINE_VERBS,
        "logs": Flags("f:follow l:latest n:names t:timestamps", "since tail until"),
        "images": Flags("a:all digests n:noheading no-trunc q:quiet", "f:filter format sort"),
        "secret create": Flags("env replace", "d:driver driver-opts l:label"),
    },
    groups=_DOCKER.groups | {"artifact", "farm", "generate", "healthcheck", "kube", "play", "quadlet"},
    ends=_DOCKER.ends,
    apart=True,
)
_NERDCTL: Final = Tool(
    fields={"namespace": ("namespace", ""), "address": ("context", "server:"), "host": ("context", "server:")}
    | {"project-name": ("namespace", "")},
    before=Flags("debug debug-full insecure-registry v:version h:help", "a:address H:host n:namespace"),
    common=Flags(valued="format filter"),
    by_verb=_ENGINE_VERBS,
    groups=_DOCKER.groups | {"apparmor", "ipfs"},
    ends=_DOCKER.ends,
    apart=True,
)
_TERRAFORM: Final = Tool(
    fields={"chdir": ("context", "directory:")},
    before=Flags("help version", "chdir"),
    common=Flags(
        "allow-missing auto-approve check compact-warnings destroy detailed-exitcode diff force-copy json list"
        " migrate-state no-color raw reconfigure recursive refresh-only upgrade",
        "backend-config backup generate-config-out lock-timeout out parallelism replace state state-out target var"
        " var-file",
    ),
    groups=frozenset({"metadata", "state", "workspace"}),
    perhaps={"providers": frozenset({"lock", "mirror", "schema"})},
    optional="backend input lock refresh",
    single_dash=True,
)
TOOLS: Final[Mapping[str, Tool]] = {
    "kubectl": _KUBECTL,
    "oc": _KUBECTL,
    "helm": _HELM,
    "docker": _DOCKER,
    "podman": _PODMAN,
    "nerdctl": _NERDCTL,
    "terraform": _TERRAFORM,
}
