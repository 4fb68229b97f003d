"""What is shipped to run it with: well-formed, closed where it has to be, and of one mind with the code and the docs.

Without an engine for containers the files are judged by their schemas, a linter, and what must hold for each process.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose
from pydantic import BaseModel
from pydantic_settings import BaseSettings

from actions.__main__ import Settings as ActionsSettings
from assistant.settings import Settings as RasaSettings
from web.config import Config

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SETTINGS: dict[str, type[BaseSettings]] = {
    "web": Config,
    "worker": Config,
    "migrate": Config,
    "backup": Config,
    "rasa": RasaSettings,
    "actions": ActionsSettings,
}
#: Not settings of a process of ours.
OTHERS = {"POSTGRES_PASSWORD", "SITE", "RASA_TELEMETRY_ENABLED", "CLINIC_FILE"}
#: Those that only the operator knows.
LEFT_BLANK = {
    "SECRET_KEY", "GATEWAY_SECRET", "RECORD_KEY", "DATA_KEYS", "POSTGRES_PASSWORD", "EMAIL_USER", "EMAIL_PASSWORD",
}  # fmt: skip
KUBERNETES = "1.32"


def names(*models: type[BaseModel]) -> set[str]:
    return {name.upper() for model in models for name in model.model_fields}


def variables(file: Path) -> dict[str, str]:
    """The variables of an environment file."""
    rows = [row.partition("=") for row in file.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Z_]+=", row)]
    return {name: value for name, _, value in rows}


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
    return content


def manifests() -> Iterator[dict[str, Any]]:
    for file in sorted((DEPLOY / "kubernetes" / "base").glob("*.yaml")):
        if file.name != "kustomization.yaml":
            yield from yaml.safe_load_all(file.read_text(encoding="utf-8"))
    yield yaml.safe_load((DEPLOY / "kubernetes" / "example" / "ingress.yaml").read_text(encoding="utf-8"))


def kustomization(folder: str) -> dict[str, Any]:
    file = DEPLOY / "kubernetes" / folder / "kustomization.yaml"
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def pods() -> dict[str, dict[str, Any]]:
    """The pod of each workload, by its name."""
    found = {}
    for manifest in manifests():
        spec = manifest.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[manifest["metadata"]["name"]] = spec["template"]["spec"]
    return found


def unit(name: str) -> str:
    return (DEPLOY / "systemd" / f"smp-{name}.service").read_text(encoding="utf-8")


def environments() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each way to deploy, each process, and the environment it gets there."""
    shared = variables(DEPLOY / "example.env")
    for name, service in compose()["services"].items():
        if name in SETTINGS:
            yield "compose", name, {**shared, **service.get("environment", {})}
    literals = [
        *kustomization("base")["configMapGenerator"][0]["literals"],
        *kustomization("example")["configMapGenerator"][0]["literals"],
    ]
    pairs = dict(literal.split("=", 1) for literal in literals)
    secrets = variables(DEPLOY / "kubernetes" / "example" / "secrets.example.env")
    for name in pods():
        yield "kubernetes", name, {**pairs, **secrets}
    for name in ("web", "worker", "rasa", "actions"):
        yield "systemd", name, variables(DEPLOY / "systemd" / "environment.example")


ENVIRONMENTS = list(environments())


@pytest.mark.parametrize(
    ("way", "process", "given"), ENVIRONMENTS, ids=[f"{way} {name}" for way, name, _ in ENVIRONMENTS]
)
def test_a_process_starts_with_what_it_is_given(
    monkeypatch: pytest.MonkeyPatch, way: str, process: str, given: dict[str, str]
) -> None:
    """With the blanks filled in, its settings are accepted in production: nothing is missing, nothing is refused."""
    for name in names(*SETTINGS.values()):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        filled = re.sub(r"\$\{POSTGRES_PASSWORD[^}]*\}", "a-password", str(value))
        monkeypatch.setenv(name, filled or ("x" * 48 if name in LEFT_BLANK else ""))
    settings = SETTINGS[process]()
    assert settings.model_dump()["environment"] == "production"


@pytest.mark.parametrize(
    ("way", "process", "given"), ENVIRONMENTS, ids=[f"{way} {name}" for way, name, _ in ENVIRONMENTS]
)
def test_no_variable_is_unknown(way: str, process: str, given: dict[str, str]) -> None:
    """A variable that no process reads is a mistake; docs/operator.md explains the others (tests/docs)."""
    assert set(given) - names(*SETTINGS.values()) <= OTHERS


@pytest.mark.parametrize("secret", sorted(LEFT_BLANK - {"EMAIL_USER", "EMAIL_PASSWORD"}))
def test_no_secret_is_shipped(secret: str) -> None:
    """Each is blank where it is named, and named where it is needed."""
    for file in (DEPLOY / "example.env", DEPLOY / "systemd" / "environment.example"):
        if secret in variables(file):
            assert variables(file)[secret] == ""
    assert secret in {**variables(DEPLOY / "example.env")}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "/deploy/.env" in ignored
    assert "/deploy/kubernetes/**/secrets.env" in ignored


# Dockerfile


def test_the_dockerfile_is_clean() -> None:
    """As the linter sees it. Debian's packages are not pinned: their old versions are removed from its mirrors."""
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [linter, "--ignore", "DL3008", "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    """It is no use if it calls everything clean."""
    (tmp_path / "Dockerfile").write_text("FROM debian:latest\nRUN cd /tmp && sudo apt-get install curl\n")
    linter = Path(sys.executable).with_name("hadolint")
    assert subprocess.run([linter, tmp_path / "Dockerfile"], capture_output=True, check=False).returncode == 1


def test_the_image_runs_as_no_one_in_particular() -> None:
    """Two stages; the second holds no tools, is not root, and has nothing of ours that would be a secret."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    _, *stages = text.split("\nFROM ")
    assert len(stages) == 2
    assert "USER 10001:10001" in stages[1]
    assert "uv" not in re.findall(r"\b\w+\b", stages[1])
    assert not re.search(r"(SECRET|PASSWORD|TOKEN)", text)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", "var", ".env", "models"} <= set(ignored)


# Compose


def test_compose_is_well_formed() -> None:
    """By the Compose specification; a wrong word in it would be refused."""
    text = (DEPLOY / "compose.yml").read_text(encoding="utf-8")
    assert "web" in PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(text))).service_names()
    with pytest.raises(Exception, match="nonsense"):
        PyCompose.from_yaml("services: {web: {image: a, nonsense: 1}}")


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_service_has_no_more_than_it_needs(name: str) -> None:
    """Read-only, no capabilities, no new privileges, no port to the outside."""
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service


def test_only_the_proxy_is_public_and_rasa_has_no_way_out() -> None:
    """Rasa, actions and the databases are on the inner network alone."""
    services, networks = compose()["services"], compose()["networks"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert networks["private"]["internal"] is True
    for name in ("rasa", "actions", "postgres", "redis", "migrate", "backup"):
        assert services[name]["networks"] == ["private"]
    assert "private" not in services["proxy"]["networks"]


# Kubernetes


def test_manifests_are_well_formed() -> None:
    """By the schemas of Kubernetes, unknown fields refused."""
    for manifest in manifests():
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    broken = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"nonsense": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)


def test_kustomize_builds_them(tmp_path: Path) -> None:
    """As `kubectl apply -k` would: every reference is found."""
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl")
    shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    example = tmp_path / "kubernetes" / "example"
    shutil.copy(example / "secrets.example.env", example / "secrets.env")
    done = subprocess.run(["kubectl", "kustomize", str(example)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    for manifest in built:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    images = set(re.findall(r"image: (\S+)", done.stdout))
    assert images == {"registry.clinic.example/smp-safety-assistant:1"}


@pytest.mark.parametrize("name", sorted(pods()))
def test_a_pod_has_no_more_than_it_needs(name: str) -> None:
    """What the namespace enforces: not root, read-only, no capabilities; and no token of the cluster."""
    pod = pods()[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", ["web", "rasa", "actions"])
def test_an_update_has_no_gap(name: str) -> None:
    """Two replicas, one more before one less, ready only when it answers, drained before it ends."""
    (deployment,) = (m for m in manifests() if m["kind"] == "Deployment" and m["metadata"]["name"] == name)
    assert deployment["spec"]["replicas"] >= 2
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    (container,) = pods()[name]["containers"]
    assert {"startupProbe", "livenessProbe", "readinessProbe", "lifecycle"} <= set(container)


def test_rasa_stays_private() -> None:
    """Nothing by default; Rasa from web alone; no ingress but to web."""
    policies = {m["metadata"]["name"]: m["spec"] for m in manifests() if m["kind"] == "NetworkPolicy"}
    assert policies["nothing-by-default"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    (rule,) = policies["rasa-from-web"]["ingress"]
    callers = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in rule["from"]}
    assert callers == {"web", "worker"}
    assert "Egress" in policies["rasa-stays-inside"]["policyTypes"]
    (ingress,) = (m for m in manifests() if m["kind"] == "Ingress")
    backends = {
        path["backend"]["service"]["name"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]
    }
    assert backends == {"web"}


# systemd


@pytest.mark.parametrize("file", sorted((DEPLOY / "systemd").glob("smp*")), ids=lambda file: file.name)
def test_units_are_well_formed(file: Path, tmp_path: Path) -> None:
    """As systemd reads them, with a program that is there in the place of ours."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd")
    for each in (DEPLOY / "systemd").glob("smp*"):
        text = each.read_text(encoding="utf-8").replace("/opt/smp/.venv/bin/python", "/bin/true")
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / file.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert file.name not in done.stderr


@pytest.mark.parametrize("name", ["web", "worker", "rasa", "actions"])
def test_a_unit_runs_the_command_of_the_docs(name: str) -> None:
    """The one that the Procfile has, restarted when it ends, locked in."""
    commands = dict(row.split(": ", 1) for row in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
    assert f"ExecStart=/opt/smp/.venv/bin/{commands[name]}\n" in unit(name)
    for line in ("Restart=always", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077", "User=smp"):
        assert f"\n{line}\n" in unit(name)


@pytest.mark.parametrize("name", ["web", "worker", "rasa", "actions"])
def test_every_way_runs_the_same_command(name: str) -> None:
    """Compose and Kubernetes too."""
    commands = dict(row.split(": ", 1) for row in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
    command = commands[name].removeprefix("python -m ").split()
    assert compose()["services"][name]["command"] == command
    assert pods()[name]["containers"][0]["args"] == command
