# SPDX-License-Identifier: Apache-2.0
"""Installs Interlude in the cluster, as a user would."""
import subprocess

SYSTEM = "interlude-system"
KINDS = ["schemamigrations.interlude.dev", "databases.interlude.dev", "migrationapprovals.interlude.dev"]


def command(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def wait_until_ready():
    command("kubectl", "wait", "--for=condition=Established", "--timeout=30s", *[f"crd/{kind}" for kind in KINDS])
    try:
        command("kubectl", "rollout", "status", "--namespace", SYSTEM, "deployment/interlude", "--timeout=90s")
    except RuntimeError as error:
        pods = command("kubectl", "describe", "pods", "--namespace", SYSTEM, check=False)
        log = command("kubectl", "logs", "--namespace", SYSTEM, "-l", "app.kubernetes.io/name=interlude", "--prefix", "--tail=50", check=False)
        raise RuntimeError(f"{error}\n{pods}\n{log}") from None


def by_helm():
    command("kubectl", "create", "namespace", SYSTEM)
    command("kubectl", "label", "namespace", SYSTEM, "pod-security.kubernetes.io/enforce=restricted")
    command("helm", "install", "interlude", "helm/interlude", "--namespace", SYSTEM)
    wait_until_ready()


def by_kustomize():
    command("kubectl", "apply", "-k", "manifests")
    wait_until_ready()


def remove():
    """Whatever way it was installed; the kinds included, and with them what an earlier run has left unfinished."""
    command("helm", "uninstall", "interlude", "--namespace", SYSTEM, "--ignore-not-found", "--wait")
    command("kubectl", "delete", "deployment", "interlude", "--namespace", SYSTEM, "--ignore-not-found", "--timeout=60s")
    for kind in ("schemamigrations", "databases", "jobs"):
        # Nobody is there any more who would take the finalizers off.
        held = command("kubectl", "get", kind, "-A", "--no-headers", "-o", "custom-columns=A:.metadata.namespace,B:.metadata.name",
                       check=False)
        for namespace, name in (line.split() for line in held.splitlines()):
            if namespace.startswith("e2e-"):
                command("kubectl", "patch", kind, name, "--namespace", namespace, "--type=merge", "--patch",
                        '{"metadata": {"finalizers": null}}', check=False)
    command("kubectl", "delete", "crd", "--ignore-not-found", "--timeout=60s", *KINDS)
    command("kubectl", "delete", "-k", "manifests", "--ignore-not-found", "--timeout=60s")
