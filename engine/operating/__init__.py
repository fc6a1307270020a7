"""Seen from outside: whether it is ready, what it measures, what is the matter with it."""

from amends.engine.operating.doctor import Patient, examine
from amends.engine.operating.figures import Figures, figures
from amends.engine.operating.finding import Finding
from amends.engine.operating.keeping import Keeper, Keeping, sizes
from amends.engine.operating.metrics import Metrics
from amends.engine.operating.migrating import Migrations, Outcome, Plan, Progress
from amends.engine.operating.ready import Readiness, readiness

__all__ = [
    "Figures", "Finding", "Keeper", "Keeping", "Metrics", "Migrations", "Outcome", "Patient", "Plan", "Progress", "Readiness", "examine",
    "figures", "readiness", "sizes",
]  # fmt: skip
