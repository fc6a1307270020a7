"""All blueprints, one a role, mounted below the name `amends`."""

from __future__ import annotations

from amends.webui import admin, audit, complainant, complaint, diagrams, filing, follow, health, inbox, incidents, signin, studio, task

BLUEPRINTS = tuple(
    module.blueprint
    for module in (health, complainant, filing, follow, signin, inbox, task, complaint, diagrams, studio, incidents, audit, admin)
)
