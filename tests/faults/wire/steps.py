# SPDX-License-Identifier: Apache-2.0
"""What a migration's life asks of the API server, as rules of the fault proxy say which request is meant.

A step is told by what its request says and not by its place among others, so that one more request in a life cannot give
its fault to another: `Life.test_each_write_is_a_step` compares them with a life.
"""
MIGRATION, DATABASE = "/schemamigrations/first", "/databases/orders"
LET_GO = r"deleteFromPrimitiveList/finalizers"

# Every request of a life, in its order.
STEPS = {
    "create_database": {"method": "POST", "path": "/databases$"},
    "dry_run_of_the_job": {"method": "POST", "path": "/jobs.*dryRun"},
    "dry_run_of_the_pod": {"method": "POST", "path": "/pods.*dryRun"},
    "claim": {"method": "PATCH", "path": f"{DATABASE}/status$", "sends": r'"claim":\{'},
    "hold": {"method": "PATCH", "path": f"{MIGRATION}$", "sends": r'"finalizers":\["interlude.dev/run"\]'},
    "look_at_the_application": {"method": "GET", "path": "/deployments/"},
    "look_at_its_replica_sets": {"method": "GET", "path": "/replicasets"},
    "look_at_its_pods": {"method": "GET", "path": "/pods.labelSelector=app"},
    "create_job": {"method": "POST", "path": "/jobs.fieldValidation=Strict$"},
    "say_running": {"method": "PATCH", "path": f"{MIGRATION}/status$", "sends": '"jobUID":'},
    "arm": {"method": "PATCH", "path": "/jobs/", "sends": '"parallelism":1'},
    "record_the_start": {"method": "POST", "path": "/events$", "sends": '"reason":"Running"'},
    "note_the_pod": {"method": "PATCH", "path": f"{MIGRATION}/status$", "sends": '"podUID":'},
    "open_the_pod": {"method": "PATCH", "path": "/pods/", "sends": '"schedulingGates":'},
    "write_the_outcome": {"method": "PATCH", "path": f"{MIGRATION}/status$", "sends": '"outcome":"Succeeded"'},
    "release": {"method": "PATCH", "path": f"{DATABASE}/status$", "sends": '"claim":null'},
    "let_go_of_the_pod": {"method": "PATCH", "path": "/pods/", "sends": LET_GO},
    "let_go_of_the_job": {"method": "PATCH", "path": "/jobs/", "sends": LET_GO},
    "record_the_end": {"method": "POST", "path": "/events$", "sends": '"reason":"Succeeded"'},
    "let_go_of_the_migration": {"method": "PATCH", "path": f"{MIGRATION}$", "sends": r'"finalizers":\[\]'},
    "let_go_of_the_database": {"method": "PATCH", "path": f"{DATABASE}$", "sends": r'"finalizers":\[\]'},
}
# Written only when something takes its time: what the migration waits for, and how its run goes.
NOW_AND_THEN = {"method": "PATCH", "path": f"{MIGRATION}/status$", "sends": r'"status":\{("reason"|"message"|"conditions"|[^{]*"phase":"Waiting")'}


def each(steps, **fault):
    """A rule for each of the steps of these names."""
    return [{**STEPS[step], **fault} for step in steps]
