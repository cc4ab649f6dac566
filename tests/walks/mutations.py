# SPDX-License-Identifier: Apache-2.0
"""What each field of the spec is changed to, and what is to be expected of a spec, whatever it came from.

A field of the CRD without a line in MUTATIONS makes the test fail, and so does a line without a field.
"""
import copy

from ground.case import APP

ABSENT = None
TEMPLATE = {"metadata": {"annotations": {}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "tool", "image": "tool:1"}]}}
LABEL, RELEASE = "app.kubernetes.io/version", "release"  # the pods of the application have the first and not the second

NOBODYS = "nobody.example/v1"
FAR_AWAY, NEW_YEAR = "2999-01-01T00:00:00Z", "0 0 1 1 *"

# Field -> changes of it; a change is {path: value}. Where a field cannot stand alone others change with it.
MUTATIONS = {
    "database": [{"database": "another"}],
    "step": [{"step": "Data"}, {"step": "Contract"}],
    "fromVersion": [{"fromVersion": "0"}, {"fromVersion": "0.9"}],
    "toVersion": [{"toVersion": "1b"}, {"toVersion": "0"}],
    "applications.kind": [{"applications.kind": "Deployment"}, {"applications.kind": "StatefulSet"}],
    "applications.apiVersion": [{"applications.apiVersion": "apps/v1", "applications.kind": "Deployment"},
                                {"applications.apiVersion": NOBODYS, "applications.kind": "Rollout"}],
    "applications.name": [{"applications.name": "nobody"}],
    "applications.selector": [{"applications.name": ABSENT, "applications.selector": {"matchLabels": {"part-of": "orders"}}},
                              {"applications.name": ABSENT, "applications.selector": {"matchLabels": {"part-of": "nothing"}}}],
    "applications.container": [{"applications.container": "api"}, {"applications.container": "nope"}],
    "applications.versionFrom.source": [{"applications.versionFrom.source": "ImageTag"}, {"applications.versionFrom.source": "Label"}],
    "applications.versionFrom.key": [{"applications.versionFrom.source": "Label", "applications.versionFrom.key": LABEL},
                                     {"applications.versionFrom.source": "Label", "applications.versionFrom.key": RELEASE}],
    "applications.versions": [{"applications.versions": "2.x"}, {"applications.versions": ">=9.0.0"}, {"applications.versions": ">>2.0.0"}],
    "applications.whenAbsent": [{"applications.whenAbsent": "Wait"}, {"applications.whenAbsent": "Proceed"}],
    "after": [{"after": ["nobody"]}],
    "requires.apiVersion": [{"requires": [{"apiVersion": NOBODYS, "kind": "Backup", "name": "nobody"}]}],
    "requires.kind": [{"requires": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": APP}]}],
    "requires.name": [{"requires": [{"apiVersion": "v1", "kind": "Secret", "name": "nobody"}]}],
    "requires.condition": [{"requires": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": APP, "condition": "Available"}]},
                           {"requires": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": APP, "condition": "Never"}]}],
    "requires.newerThan": [{"requires": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "nobody", "newerThan": "Migration"}]}],
    "approval": [{"approval": "None"}, {"approval": "Required"}],
    "notBefore": [{"notBefore": "2020-01-01T00:00:00Z"}, {"notBefore": FAR_AWAY}],
    "window.schedule": [{"window.schedule": "* * * * *", "window.duration": "1h"}, {"window.schedule": NEW_YEAR, "window.duration": "1m"}],
    "window.duration": [{"window.schedule": "* * * * *", "window.duration": "2h"}],
    "window.timeZone": [{"window.schedule": "* * * * *", "window.duration": "1h", "window.timeZone": "Europe/Berlin"},
                        {"window.schedule": "* * * * *", "window.duration": "1h", "window.timeZone": "No/Where"}],
    "window.mustFinish": [{"window.schedule": "* * * * *", "window.duration": "1h", "window.mustFinish": True, "run.timeout": "30m"}],
    "rollout": [{"rollout": "Any"}, {"rollout": "Settled"}],
    "soak": [{"soak": "0s"}, {"soak": "1s"}, {"soak": "87600h"}],
    "suspend": [{"suspend": False}, {"suspend": True}],
    "readyWhen": [{"readyWhen": "Succeeded"}, {"readyWhen": "Accepted"}],
    "run.container.inheritFrom.kind": [{"run.container.inheritFrom.name": APP, "run.container.inheritFrom.kind": "Deployment"},
                                       {"run.container.inheritFrom.name": APP, "run.container.inheritFrom.kind": "DaemonSet"}],
    "run.container.inheritFrom.name": [{"run.container.inheritFrom.name": APP}, {"run.container.inheritFrom.name": "nobody"}],
    "run.container.inheritFrom.container": [{"run.container.inheritFrom.name": APP, "run.container.inheritFrom.container": "api"},
                                            {"run.container.inheritFrom.name": APP, "run.container.inheritFrom.container": "nope"}],
    "run.container.image": [{"run.container.image": "tool:2"}],
    "run.container.command": [{"run.container.command": ["up"]}, {"run.container.command": []}],
    "run.container.args": [{"run.container.args": ["--all"]}],
    "run.container.env": [{"run.container.env": [{"name": "A", "value": "1"}]}, {"run.container.env": [{"name": "A=B", "value": "1"}]}],
    "run.container.envFrom": [{"run.container.envFrom": [{"secretRef": {"name": "nobody", "optional": True}}]}],
    "run.container.resources": [{"run.container.resources": {"requests": {"cpu": "1m"}}}, {"run.container.resources": {"limit": {"cpu": "1"}}}],
    "run.container.labels": [{"run.container.labels": {"team": "orders"}}, {"run.container.labels": {"team": "a b"}}],
    "run.container.annotations": [{"run.container.annotations": {"team": "orders"}}],
    "run.podTemplate": [{"run.container": ABSENT, "run.podTemplate": TEMPLATE},
                        {"run.container": ABSENT, "run.podTemplate": {**TEMPLATE, "spec": {**TEMPLATE["spec"], "restartpolicy": "Never"}}}],
    "run.retries": [{"run.retries": 0}, {"run.retries": 1}],
    "run.onInterruption": [{"run.onInterruption": "Fail"}, {"run.onInterruption": "Retry"}],
    "run.verify.command": [{"run.verify.command": ["check"]}],
    "run.recover.command": [{"run.recover.command": ["unlock"]}],
    "run.timeout": [{"run.timeout": "30m"}],
    "run.startTimeout": [{"run.startTimeout": "20m"}],
    "run.keepFor": [{"run.keepFor": "1h"}],
}

BASE = {"step": "Expand", "toVersion": "1", "applications": [{"name": APP, "versions": ">=1.0.0"}],
        "run": {"container": {"image": "tool:1", "annotations": {}}}}


def changed(spec, change):
    """The spec with {path: value} set; of a list, in its first item."""
    spec = copy.deepcopy(spec)
    for path, value in change.items():
        *names, last = path.split(".")
        here = spec
        for name in names:
            here = here.setdefault(name, {})
            here = here[0] if isinstance(here, list) else here
        if value is ABSENT:
            here.pop(last, None)
        else:
            here[last] = copy.deepcopy(value)
    return spec


# ---- what is to be expected ----

DEFAULTS = {("kind", "Deployment"), ("source", "ImageTag"), ("key", LABEL), ("whenAbsent", "Wait"), ("readyWhen", "Succeeded"), ("soak", "0s"), ("retries", 0), ("onInterruption", "Fail"), ("approval", "None")}


def meaning(spec):
    """Two specs with the same meaning have the same hash: no defaults, nothing empty, not when it may start."""
    rollout = "Any" if spec["step"] == "Expand" else "Settled"

    def pruned(value, key=None):
        if isinstance(value, dict) and key != "podTemplate":
            kept = {name: pruned(item, name) for name, item in value.items()}
            return {name: item for name, item in kept.items() if item not in ({}, [], None) and not is_default(name, item)}
        if isinstance(value, list):
            return [pruned(item) for item in value]
        return value

    def is_default(name, item):
        return name == "suspend" or (name == "rollout" and item == rollout) or (isinstance(item, (str, int)) and (name, item) in DEFAULTS)

    return pruned(spec)


def refusal(spec, database):
    """What the server says of a spec that it does not take; None: it takes it."""
    application, run = spec["applications"][0], spec["run"]
    source = application.get("versionFrom", {}).get("source")
    for is_so, words in (
            (spec["database"] != database, "database cannot be changed"),
            (("name" in application) == ("selector" in application), "set exactly one of name"),
            (("container" in run) == ("podTemplate" in run), "set exactly one of container and podTemplate"),
            ("versionFrom" in application and source == "ImageTag" and "key" in application["versionFrom"], "key is for source"),
            ("container" in run and not {"image", "inheritFrom"} & set(run["container"]), "set image, or inheritFrom"),
            (spec.get("fromVersion") == spec["toVersion"], "fromVersion and toVersion are the same")):
        if is_so:
            return words
    return None


def closed(spec):
    """Gate -> words that its message must have, in a namespace with the one application and a ledger that stands at 0."""
    found = {}
    application, container = spec["applications"][0], spec["run"].get("container", {})
    if spec.get("suspend"):
        found["NotSuspended"] = "suspend"
    if spec.get("fromVersion", "0") != "0":
        found["SchemaVersionMet"] = spec["fromVersion"]
    if spec["toVersion"] == "0":
        found["SchemaVersionMet"] = "version 0"
    if spec.get("after"):
        found["DependenciesMet"] = spec["after"][0]
    requirement = (spec.get("requires") or [{}])[0]
    for is_so, words in ((requirement.get("kind") == "Backup", "no kind Backup"), (requirement.get("condition") == "Never", "Never"),
                         (requirement.get("name") == "nobody", "nobody")):
        if is_so:
            found["PrerequisitesMet"] = words
            break
    if spec.get("approval") == "Required":
        found["Approved"] = "needs an approval (spec.approval)"
    found.update(closed_by_time(spec))
    found.update(closed_by_application(application))
    if spec.get("soak") == "87600h" and ("VersionsCompatible" in found or is_there(application)):
        found["Soaked"] = "3650d"
    if application["versions"].startswith(">>"):
        found["JobValid"] = "applications[0].versions"
        return found
    inherit = container.get("inheritFrom", {})
    for is_so, words in (
            (inherit and inherit.get("kind", "Deployment") != "Deployment", "DaemonSet/"),
            (inherit and inherit["name"] != APP, "nobody"),
            (inherit and inherit.get("container", "api") != "api", "nope"),
            (any("=" in env["name"] for env in container.get("env", [])), "A=B"),
            ("limit" in container.get("resources", {}), "limit"),
            (" " in container.get("labels", {}).get("team", ""), "a b"),
            ("restartpolicy" in spec["run"].get("podTemplate", {}).get("spec", {}), "restartpolicy")):
        if is_so:
            found["JobValid"] = words
            break
    return found


def closed_by_time(spec):
    window = spec.get("window", {})
    reasons = [words for is_so, words in (
        (spec.get("notBefore") == FAR_AWAY, FAR_AWAY), (window.get("timeZone") == "No/Where", "No/Where"), (window.get("schedule") == NEW_YEAR, "window")) if is_so]
    return {"InWindow": reasons[0] if len(reasons) == 1 else ""} if reasons else {}


def is_there(application):
    labels = application.get("selector", {}).get("matchLabels")
    return application.get("kind", "Deployment") == "Deployment" and (labels == {"part-of": "orders"} if labels else application["name"] == APP)


def closed_by_application(application):
    versions = application["versions"]
    labels = application.get("selector", {}).get("matchLabels")
    source = application.get("versionFrom", {})
    if application.get("apiVersion") == NOBODYS:
        return {"VersionsCompatible": "" if versions.startswith(">>") else f"in {NOBODYS}"}
    if not is_there(application):
        return {} if application.get("whenAbsent") == "Proceed" else {"VersionsCompatible": "nothing" if labels and "nothing" in labels.values() else ""}
    if application.get("container", "api") != "api" and source.get("source", "ImageTag") == "ImageTag":
        return {"VersionsCompatible": "nope"}
    if source.get("source") == "Label" and source.get("key", LABEL) == RELEASE:
        return {"VersionsCompatible": RELEASE}
    return {} if versions in (">=1.0.0", "2.x") else {"VersionsCompatible": "" if versions.startswith(">>") else versions}
