"""`/healthz`, `/readyz` and `/metrics`: what load balancers and monitoring see, and who may see it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

import amends
from amends.application import Application
from amends.engine.errors import AmendsError, Conflict
from amends.engine.operating import metrics
from amends.engine.operating.metrics import _Counted
from amends.engine.store import tables as t
from amends.webui import create_app

COMPLAINT = {
    "name": "Jo Zebra", "email": "zebra@example.org", "product": "Washing machine", "category": "defect", "remedy_wanted": "yes",
    "description": "Water ran out on the floor.", "remedy": "My money back.",
}  # fmt: skip


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """An installation with one complaint, whose clock the test moves."""
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0)
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    app.register.file(COMPLAINT, actor="system")
    yield app
    app.close()


@pytest.fixture
def client(app: Application) -> FlaskClient:
    """A browser on this machine."""
    return create_app(app).test_client()


def values(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_say_what_happens_and_how_things_stand(app: Application, client: FlaskClient, clock: Any) -> None:
    """Commands by kind with their latencies, jobs, instances by version and state, clocks."""
    before = values(client)
    assert before['amends_commands_total{kind="start"}'] == 1
    assert before["amends_jobs_due"] >= 1 and before["amends_jobs_late"] == 0
    assert before['amends_instances{package="iso10002",state="active",version="1"}'] == 1
    assert before["amends_database_up"] == 1 and before["amends_clocks_breached"] == 0
    clock.move(minutes=3)
    late = values(client)
    assert late["amends_jobs_late"] >= 1 and late["amends_oldest_due_job_age_seconds"] == 180 and late["amends_unsealed_age_seconds"] == 180
    app.engine.run_due()
    app.engine.seal()
    after = values(client)
    assert after["amends_jobs_due"] == after["amends_oldest_due_job_age_seconds"] == after["amends_unsealed_age_seconds"] == 0
    assert after['amends_commands_total{kind="operation"}'] == after['amends_command_seconds_count{kind="operation"}'] >= 1
    assert after['amends_command_seconds_bucket{kind="operation",le="+Inf"}'] == after['amends_commands_total{kind="operation"}']
    clock.move(days=300)
    assert values(client)["amends_clocks_breached"] >= 1


def test_conflicts_and_errors_are_counted(app: Application, client: FlaskClient) -> None:
    """Who comes second is a conflict; what is refused for another reason is an error; neither is a command that was done."""
    app.engine.run_due()
    [task] = app.engine.user_tasks()[:1]
    done = values(client).get('amends_commands_total{kind="complete"}', 0)
    with pytest.raises(AmendsError) as refused:
        app.engine.complete(task.id, {"nothing": "right"}, actor="nobody")
    assert not isinstance(refused.value, Conflict)
    app.engine.cancel(task.instance_id, reason="test", actor="system")
    with pytest.raises(Conflict):
        app.engine.complete(task.id, {}, actor="system")
    found = values(client)
    assert found['amends_command_errors_total{kind="complete"}'] == 1
    assert found['amends_conflicts_total{kind="complete"}'] == 1
    assert found.get('amends_commands_total{kind="complete"}', 0) == done
    assert found['amends_commands_total{kind="cancel"}'] == 1


def test_failed_jobs_and_incidents_are_counted(app: Application, client: FlaskClient) -> None:
    """A job that was given up shows as failed."""
    with app.engine.database.transaction() as connection:
        connection.execute(update(t.job).values(state="failed"))
    assert values(client)["amends_jobs_failed"] >= 1


def test_metrics_hold_nothing_personal(app: Application, client: FlaskClient) -> None:
    """No name, address, reference, id or text of anybody."""
    app.engine.run_due()
    text = client.get("/metrics").text
    [complaint] = app.register.search()
    for personal in ("Zebra", "zebra", "Washing", complaint.reference, complaint.instance_id, "account:"):
        assert personal not in text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels == {"kind", "le", "package", "version", "state"}


def test_metrics_are_for_this_machine_or_a_token(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others, and requests that a proxy here passes on, are refused; with a token set, only the token counts."""
    client = create_app(app).test_client()
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200
    assert client.get("/metrics", environ_base=elsewhere).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
    monkeypatch.setenv("AMENDS_METRICS_TOKEN", "let me see")
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer let me guess"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Basic bGV0OnNlZQ=="}).status_code == 403
    told = {"Authorization": "Bearer let me see"}
    assert client.get("/metrics", headers=told, environ_base=elsewhere).status_code == 200
    other = create_app(app, AMENDS_METRICS_TOKEN="the host's").test_client()
    assert other.get("/metrics", headers=told).status_code == 403
    assert other.get("/metrics", headers={"Authorization": "Bearer the host's"}).status_code == 200


def test_readiness_follows_the_runner_and_the_schema(app: Application, client: FlaskClient) -> None:
    """Ready without a runner of its own; not ready once its runner has died, or when another amends has changed the schema."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "database": "ok", "schema": "ok", "runner": "elsewhere", "last_round_seconds_ago": None}
    app.runner.start()
    until(lambda: app.runner.age is not None)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["runner"]) == (200, "running") and answer.json["last_round_seconds_ago"] < 5
    app.runner.stop()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["runner"], answer.json["status"]) == (503, "stopped", "not ready")


def test_not_ready_for_another_schema(app: Application, client: FlaskClient) -> None:
    """A process of an older amends takes itself out once a newer one has migrated."""
    with app.engine.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    answer = client.get("/readyz")
    assert answer.status_code == 503 and "9999" in answer.json["schema"]
    assert client.get("/healthz").status_code == 200


@pytest.mark.postgres
def test_a_database_that_is_gone_shows_and_comes_back(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is away: not ready, and metrics say so and nothing wrong; afterwards all is as before."""
    import psycopg

    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0)
    app = amends.open(postgres_url, data=tmp_path)
    client = create_app(app).test_client()
    name = postgres_url.rpartition("/")[2]
    server = postgres_url.replace("+psycopg", "", 1).rpartition("/")[0] + "/postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        answer = client.get("/readyz")
        assert answer.status_code == 503 and "cannot be reached" in answer.json["database"]
        assert values(client)["amends_database_up"] == 0
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    assert client.get("/readyz").status_code == 200
    assert values(client)["amends_database_up"] == 1
    app.close()


def test_counting_costs_next_to_nothing(app: Application) -> None:
    """At most 2 % of a command: measured against the commands of this installation, the quickest there is."""
    instance_id = app.register.search()[0].instance_id

    def seconds(what: Callable[[], Any], times: int) -> float:
        best = []
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(times):
                what()
            best.append((time.perf_counter() - began) / times)
        return min(best)

    def nothing() -> None:
        with _Counted(app.metrics, "complete", nullcontext()):  # type: ignore[arg-type]
            pass

    command = seconds(lambda: app.engine.set_variables(instance_id, {"x": 1}, actor="system", reason="test"), 10)
    assert seconds(nothing, 2000) / command < 0.02


def until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + timedelta(seconds=10).total_seconds()
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_served_processes_log_commands_with_ids_and_nothing_personal(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind, instance, actor and milliseconds of what was done; of what was refused the kind of error, not its words."""
    lines: list[dict[str, Any]] = []

    class Log:
        def info(self, event: str, **said: Any) -> None:
            lines.append({"event": event, **said})

    monkeypatch.setattr(metrics, "log", Log())
    app.register.file(COMPLAINT, actor="system")
    assert lines == []
    app.metrics.tells = True
    filed = app.register.file(COMPLAINT, actor="complainant")
    with pytest.raises(Conflict):
        app.engine.resume(filed.instance_id, reason="Jo Zebra asked", actor="system")
    started = next(line for line in lines if line["kind"] == "start")
    assert started["instance"] == filed.instance_id and started["actor"] == "complainant" and started["ms"] > 0
    refused = {"event": "command refused", "kind": "resume", "instance": filed.instance_id, "actor": "system", "error": "Conflict"}
    assert lines[-1] == refused
    assert "ebra" not in repr(lines) and "Water" not in repr(lines)
