"""Figures measured from the journal, so that a restart loses none (B21).

``rows`` reads what is needed in a few queries, ``figures`` reckons, pure; ``scraped`` is the same for Prometheus.
"""

from ops.metrics.figures import Counts, Figures, Recovery, Span, reckon
from ops.metrics.rows import DAYS, MOST_DAYS, measure, weeks
from ops.metrics.usual import usual_seconds

__all__ = ["DAYS", "MOST_DAYS", "Counts", "Figures", "Recovery", "Span", "measure", "reckon", "usual_seconds", "weeks"]
