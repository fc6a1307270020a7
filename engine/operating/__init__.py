"""Seen from outside: whether it is ready, what it measures, what is the matter with it."""

from amends.engine.operating.doctor import Finding, Patient, examine
from amends.engine.operating.figures import Figures, figures
from amends.engine.operating.metrics import Metrics
from amends.engine.operating.ready import Readiness, readiness

__all__ = ["Figures", "Finding", "Metrics", "Patient", "Readiness", "examine", "figures", "readiness"]
