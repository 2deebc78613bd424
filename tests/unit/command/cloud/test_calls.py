"""Calls of orchestrators and clouds, as a policy sees them."""

import pytest

from jumphost.command.facts import analyse
from jumphost.model.request import Cloud


def call(text: str) -> Cloud:
    (found,) = analyse(text.encode(), dialect="bash").cloud
    return found


VERBS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # with the resources
    "kubectl get pods": (("get",), ("pods",)),
    "kubectl get pods,svc x -o wide": (("get",), ("pods", "svc", "x")),
    "kubectl get -o wide pods": (("get",), ("pods",)),
    "kubectl get --output=json --show-labels -w pods": (("get",), ("pods",)),
    "kubectl -v 6 get pods": (("get",), ("pods",)),
    "kubectl delete pod x --wait=false --now": (("delete",), ("pod", "x")),
    "kubectl delete -i pod x": (("delete",), ("pod", "x")),
    "kubectl logs -f x -c y --tail 5": (("logs",), ("x",)),
    "kubectl logs -fp x": (("logs",), ("x",)),
    "kubectl apply -f a.yaml -f b.yaml": (("apply",), ("@a.yaml", "@b.yaml")),
    "kubectl apply -k dir": (("apply",), ("@dir",)),
    "kubectl apply view-last-applied deploy/x": (("apply", "view-last-applied"), ("deploy/x",)),
    "kubectl rollout status deploy/x": (("rollout", "status"), ("deploy/x",)),
    "kubectl rollout -n shop restart deploy x": (("rollout", "restart"), ("deploy", "x")),
    "kubectl cluster-info": (("cluster-info",), ()),
    "kubectl cluster-info dump": (("cluster-info", "dump"), ()),
    "kubectl create secret generic x": (("create",), ("secret", "generic", "x")),
    "kubectl config view --raw": (("config", "view"), ()),
    "kubectl exec -it x -- sh -c 'rm -n y'": (("exec",), ("x",)),
    "kubectl patch deploy x -p '{}'": (("patch",), ("deploy", "x")),
    "kubectl evil-plugin": (("evil-plugin",), ()),
    "oc get pods": (("get",), ("pods",)),
    "helm list": (("list",), ()),
    "helm get values x": (("get", "values"), ("x",)),
    "helm upgrade -i x chart -f v.yaml --set a=b": (("upgrade",), ("x", "chart")),
    "docker ps -a": (("ps",), ()),
    "docker logs -f --tail 5 x": (("logs",), ("x",)),
    "docker rm -f x y": (("rm",), ("x", "y")),
    "docker container rm -fv x": (("container", "rm"), ("x",)),
    "docker run -d --rm -v /a:/b -p 80:80 nginx rm -rf /": (("run",), ("nginx",)),
    "docker exec -it -u root x sh -c 'id -c'": (("exec",), ("x",)),
    "docker compose -f c.yml logs -f web": (("compose", "logs"), ("web",)),
    "docker compose up -d": (("compose", "up"), ()),
    "docker volume ls -q": (("volume", "ls"), ()),
    "podman logs -n x": (("logs",), ("x",)),
    "podman images -n": (("images",), ()),
    "nerdctl ps -a": (("ps",), ()),
    "terraform plan -out=f -var a=b -target=x.y": (("plan",), ()),
    "terraform state rm a.b": (("state", "rm"), ("a.b",)),
    "terraform providers": (("providers",), ()),
    "terraform providers lock": (("providers", "lock"), ()),
    "terraform apply -auto-approve -lock=false": (("apply",), ()),
    "aws s3 ls s3://b": (("s3", "ls"), ("s3://b",)),
    "aws sts get-caller-identity --output json": (("sts", "get-caller-identity"), ()),
    "gcloud compute instances list": (("compute", "instances", "list"), ()),
    "gcloud compute instances delete vm list": (("compute", "instances", "delete"), ("vm", "list")),
    "az vm delete -n vm -g rg --yes": (("vm", "delete"), ("vm",)),
    "az login": (("login",), ()),
}
FIELDS = {
    "kubectl get pods": ("", "", "", ""),
    "kubectl -n shop get pods": ("shop", "", "", ""),
    "kubectl get pods -nshop": ("shop", "", "", ""),
    "kubectl get pods -n=shop": ("shop", "", "", ""),
    "kubectl get pods --namespace=shop": ("shop", "", "", ""),
    "kubectl get pods --namespace shop -n bank": ("bank", "", "", ""),
    "kubectl get pods -A": ("*", "", "", ""),
    "kubectl get pods -n shop --all-namespaces=true": ("*", "", "", ""),
    "kubectl --context=prod get pods": ("", "prod", "", ""),
    "kubectl --kubeconfig f --cluster c get pods": ("", "kubeconfig:f cluster:c", "", ""),
    "kubectl -s https://k get pods": ("", "server:https://k", "", ""),
    "kubectl get pods --as=root --as-group g": ("", "", "as:root as-group:g", ""),
    "kubectl --token=geheim get pods": ("", "", "token", ""),
    "kubectl --username me --password geheim get pods": ("", "", "user:me password", ""),
    "kubectl --client-certificate=f get pods": ("", "", "certificate:f", ""),
    "KUBECONFIG=f kubectl get pods": ("", "kubeconfig:f", "", ""),
    "helm -n shop --kube-context c list": ("shop", "c", "", ""),
    "helm list -A --kube-token t": ("*", "", "token", ""),
    "HELM_NAMESPACE=shop helm list": ("shop", "", "", ""),
    "HELM_NAMESPACE=shop helm list -n bank": ("bank", "", "", ""),
    "docker -H tcp://h:1 ps": ("", "server:tcp://h:1", "", ""),
    "docker --context c ps": ("", "c", "", ""),
    "DOCKER_HOST=tcp://h docker ps": ("", "server:tcp://h", "", ""),
    "docker compose -p shop ps": ("shop", "", "", ""),
    "docker run -c 5 nginx": ("", "", "", ""),
    "podman -c c ps": ("", "c", "", ""),
    "nerdctl -n k8s.io ps": ("k8s.io", "", "", ""),
    "terraform -chdir=/srv plan": ("", "directory:/srv", "", ""),
    "aws --profile p --region r s3 ls": ("", "", "profile:p", "r"),
    "aws s3 ls --region=r --endpoint-url http://h": ("", "server:http://h", "", "r"),
    "AWS_PROFILE=p AWS_REGION=r aws s3 ls": ("", "", "profile:p", "r"),
    "gcloud compute instances list --project p --zone z --account a": ("", "project:p", "user:a", "z"),
    "gcloud projects list --impersonate-service-account=s": ("", "", "as:s", ""),
    "az vm list -g rg --subscription s": ("rg", "subscription:s", "", ""),
    "LC_ALL=C kubectl get pods": ("", "", "", ""),
    "HOME=/tmp kubectl get pods": ("", "?", "?", ""),
    "KUBECONFIG=$f kubectl get pods": ("", "?", "?", ""),
    "AWS_ACCESS_KEY_ID=x aws s3 ls": ("", "?", "?", ""),
}


@pytest.mark.parametrize(("text", "said"), VERBS.items(), ids=VERBS)
def test_what_is_done_to_what(text: str, said: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    found = call(text)
    assert (found.verb, found.resources) == said


@pytest.mark.parametrize(("text", "said"), FIELDS.items(), ids=FIELDS)
def test_where_and_as_whom(text: str, said: tuple[str, str, str, str]) -> None:
    found = call(text)
    assert (found.namespace, found.context, found.account, found.region) == said


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("kubectl --frob get pods", ()),
        ("kubectl -x", ()),
        ("kubectl get --frob pods", ("get",)),
        ("kubectl get pods --names shop", ("get",)),
        ("kubectl get pods --namespace", ("get",)),
        ("kubectl get --raw /api/v1/secrets", ("get",)),
        ("kubectl rollout --frob restart deploy/x", ()),
        ("kubectl rollout restart --frob deploy/x", ("rollout", "restart")),
        ("kubectl exec x -t5 -- sh", ("exec",)),
        ("kubectl get pods --all-namespaces=false", ("get",)),
        ("kubectl get $x", ("get",)),
        ("kubectl $x get pods", ()),
        ("kubectl -n $x get pods", ()),
        ("docker ps -H tcp://h", ("ps",)),
        ("docker run --gpus all nginx", ("run",)),
        ("docker exec -z x", ("exec",)),
        ("docker compose --frob up", ()),
        ("helm install --post-renderer sh x", ("install",)),
        ("terraform plan -frob", ("plan",)),
        ("aws s3 ls --prof p", ("s3", "ls")),
        ("aws s3 ls --no-sign-request", ("s3", "ls")),
        ("aws s3 ls $x", ("s3", "ls")),
        ("gcloud compute instances list --flags-file f", ("compute", "instances", "list")),
    ],
)
def test_words_that_are_not_known_leave_the_rest_unsure(text: str, verb: tuple[str, ...]) -> None:
    found = call(text)
    assert found.verb == verb
    assert (found.namespace, found.context, found.account, found.region) == ("?", "?", "?", "?")
    assert found.resources[-1] == "?"


@pytest.mark.parametrize(
    ("text", "verb", "resources"),
    [
        ("aws ec2 describe-instances --instance-ids i-1", ("ec2", "describe-instances"), ("?",)),
        ("aws s3 rm --recursive s3://b/x arn:aws:s3:::c", ("s3", "rm"), ("s3://b/x", "arn:aws:s3:::c", "?")),
        ("aws --frob s3 ls", (), ("?",)),
        ("aws s3", (), ("?",)),
        ("gcloud compute instances frob vm", (), ("?",)),
        ("gcloud list", (), ("?",)),
        ("gcloud compute ssh vm --command=id -- -L 1", ("compute", "ssh"), ("vm", "?")),
        ("az vm create --image x -n vm", ("vm", "create"), ("vm", "?")),
    ],
)
def test_flags_of_an_operation_leave_its_resources_unsure(
    text: str, verb: tuple[str, ...], resources: tuple[str, ...]
) -> None:
    found = call(text)
    assert (found.verb, found.resources) == (verb, resources)
    assert "?" not in (found.namespace, found.context, found.account, found.region)


@pytest.mark.parametrize(
    "text", ["kubectl", "docker", "docker container", "kubectl -n shop", "kubectl rollout", "helm get"]
)
def test_half_a_verb_is_none(text: str) -> None:
    assert call(text).verb == ()


def test_calls_stand_in_the_order_of_the_text() -> None:
    command = analyse(b"id; /usr/bin/kubectl get pods | docker ps; ./kubectl get x; aws s3 ls")
    assert [(one.cmd, one.tool) for one in command.cloud] == [(1, "kubectl"), (2, "docker"), (4, "aws")]
