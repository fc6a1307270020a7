"""Bars of the public side: under 100 kB a page, the same time for a right and a wrong wish for a new link, a first page that does not grow.

Bytes are those of a browser that has seen nothing yet (page, styles, script, packed as they are sent, without headers). Times are the
processor's for a whole request through Flask. Run by `make bench ARGS="-k public_side"`; AMENDS_BENCH_COMPLAINTS sets how many complaints.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

import amends
from amends.engine.store import tables as t
from amends.webui import create_app

FEW, MANY = 1_000, int(os.environ.get("AMENDS_BENCH_COMPLAINTS", "100000"))
UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}
MOST_BYTES, MOST_GROWTH, MOST_APART = 100_000, 1.2, 0.1
ADDRESS = "jo@example.org"


def installation(folder: Path) -> Any:
    app = amends.open(data=folder)
    app.deploy_shipped()
    return app


def quick(ask: Callable[[], Any], times: list[float]) -> None:
    began = time.process_time()
    ask()
    times.append(time.process_time() - began)


def middle(times: list[float]) -> float:
    """The median of the quicker half, in milliseconds: what others do on the machine is in the slower one."""
    return statistics.median(sorted(times)[: len(times) // 2]) * 1_000


def check_bytes(tmp_path: Path) -> None:
    """What a page weighs, with all that it loads."""
    app = installation(tmp_path)
    filed = app.register.file({"description": "Late", "email": ADDRESS}, actor="complainant")
    app.engine.run_due()
    client = create_app(app, TESTING=True, **UNLIMITED).test_client()
    client.get(f"/f/{filed.secret}")
    packed = {"Accept-Encoding": "gzip"}
    weights = {}
    for path in ("/", "/complain/1", f"/follow/{filed.reference}", "/follow/lost"):
        page = client.get(path).text
        loaded = [path, *dict.fromkeys(re.findall(r'(?:href|src)="(/static/dist/[^"]+)"', page))]
        weights[path.replace(filed.reference, "…")] = sum(len(client.get(one, headers=packed).data) for one in loaded)
    app.close()
    print("\nbytes:", ", ".join(f"{path} {weight:,}" for path, weight in weights.items()))
    assert max(weights.values()) < MOST_BYTES


def check_lost_links(tmp_path: Path) -> None:
    """A right one, a wrong address, an unknown reference, in turn."""
    app = installation(tmp_path)
    filed = app.register.file({"description": "Late", "email": ADDRESS}, actor="complainant")
    client = create_app(app, TESTING=True, **UNLIMITED).test_client()
    found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/follow/lost").text)
    assert found is not None
    kinds = {"right": (filed.reference, ADDRESS), "wrong address": (filed.reference, "x@y.z"), "unknown": ("C-00000000", ADDRESS)}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(400):
        for kind, (reference, email) in kinds.items():
            sent = {"amends_csrf": found[1], "reference": reference, "email": email}
            quick(lambda sent=sent: client.post("/follow/lost", data=sent), taken[kind])  # type: ignore[misc]
    app.close()
    medians = {kind: middle(times) for kind, times in taken.items()}
    apart = (max(medians.values()) - min(medians.values())) / max(medians.values())
    print("\nlost link:", ", ".join(f"{kind} {median:.2f} ms" for kind, median in medians.items()), f"apart by {apart:.1%}")
    assert apart < MOST_APART


def check_growth(tmp_path: Path) -> None:
    """The first page and a follow-up page, among FEW and among MANY complaints."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    sides = []
    for many in (FEW, MANY):
        app = installation(tmp_path / str(many))
        deployment = app.engine.deployments()[0].id
        for start in range(0, many, 1_000):
            ids = [f"many{number:012d}" for number in range(start, start + 1_000)]
            instance = {"process_id": "complaint", "deployment_id": deployment, "state": "active", "version": 1, "seq": 0, "head": ""}
            complaint = {"received_at": began, "channel": "web", "state": "open", "stage": "assessing"}
            with app.engine.database.transaction() as connection:
                connection.execute(insert(t.instance), [{**instance, "id": id, "business_key": id, "started_at": began} for id in ids])
                rows = [{**complaint, "instance_id": id, "reference": id, "secret_hash": id} for id in ids]
                connection.execute(insert(t.complaint), rows)
        filed = app.register.file({"description": "Late"}, actor="complainant")
        client = create_app(app, TESTING=True, **UNLIMITED).test_client()
        client.get(f"/f/{filed.secret}")
        sides.append((app, client, {"first page": "/", "follow-up page": f"/follow/{filed.reference}"}))
    told = []
    for name in ("first page", "follow-up page"):
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(120):
            for (_, client, paths), kept in zip(sides, times, strict=True):
                quick(lambda client=client, path=paths[name]: client.get(path), kept)  # type: ignore[misc]
        few, many_ms = middle(times[0]), middle(times[1])
        told.append((name, few, many_ms, many_ms / few))
    for app, _, _ in sides:
        app.close()
    for name, few, many_ms, ratio in told:
        print(f"\n{name}: {few:.2f} ms among {FEW:,}, {many_ms:.2f} ms among {MANY:,}: {ratio:.2f}")
    assert max(ratio for *_, ratio in told) <= MOST_GROWTH


def test_public_side(tmp_path: Path) -> None:
    """All three, so that one command says them."""
    check_bytes(tmp_path / "bytes")
    check_lost_links(tmp_path / "links")
    check_growth(tmp_path / "growth")
