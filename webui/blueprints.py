"""All blueprints, one a role, mounted below the name `amends`."""

from __future__ import annotations

from amends.webui import (
    admin,
    audit,
    brand,
    complainant,
    complaint,
    diagrams,
    filing,
    follow,
    health,
    inbox,
    incidents,
    languages,
    look,
    operating,
    own,
    post,
    signin,
    standing,
    studio,
    talk,
    task,
    workload,
)

MODULES = (
    health,
    complainant,
    filing,
    follow,
    signin,
    own,
    inbox,
    workload,
    task,
    complaint,
    standing,
    talk,
    diagrams,
    studio,
    incidents,
    operating,
    audit,
    admin,
    look,
    brand,
    languages,
    post,
)
BLUEPRINTS = tuple(module.blueprint for module in MODULES)
