"""The figures for Prometheus, named on Velero's pattern, with their units: counters of all time, so they only grow.

Reckoned anew for each scrape from the database; what a scrape costs is bounded by ``FRESH``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from threading import Lock

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlalchemy import Engine, func, select

from ops import alerts
from ops.backstop import Backstop
from ops.choosing import newest_good
from ops.database import ActivityRow, OperationRow, reading
from ops.journal import Status
from ops.metrics.figures import BACKUPS, BRINGS_BACK, Figures, Span
from ops.metrics.rows import measure, operations

FRESH = 5.0  # seconds for which an answer is given again
_BUCKETS = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)  # seconds
_EVER = datetime(2020, 1, 1, tzinfo=UTC)


class Scraped:
    """What Prometheus asks for."""

    def __init__(self, backstop: Backstop) -> None:
        self._backstop = backstop
        self._lock, self._at, self._text = Lock(), -FRESH, b""

    def text(self, beside: Mapping[str, float]) -> bytes:
        """The exposition, with what only the process knows beside it (a gauge each)."""
        with self._lock:
            if time.monotonic() - self._at >= FRESH:
                registry = CollectorRegistry()
                registry.register(_Found(self._collected(beside)))
                self._text, self._at = generate_latest(registry), time.monotonic()
            return self._text

    def _collected(self, beside: Mapping[str, float]) -> list[Metric]:
        """Every metric."""
        now, engine = datetime.now(UTC), self._backstop.engine
        figures, ended = measure(self._backstop, now), _ended(engine) + _halts(engine)
        return [
            *_counted("backup", "type", BACKUPS, ended),
            *_counted("restore", "kind", BRINGS_BACK, ended),
            *_counted("deploy", "kind", ("deploy",), ended),
            _durations(engine),
            *_newest(self._backstop),
            *_reckoned(figures),
            *_states(self._backstop),
            *(_gauge(name, f"The bot's own: {name.replace('_', ' ')}", value) for name, value in beside.items()),
        ]


class _Found:
    """What was collected, as a collector."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """All of it."""
        return self._found


def _ended(engine: Engine) -> Counter[tuple[str, str]]:
    """How many operations of each kind ended in each way, ever; what is halted has not ended."""
    row = OperationRow
    ends = (Status.SUCCEEDED, Status.FAILED)
    query = select(row.kind, row.status, func.count()).where(row.status.in_(ends)).group_by(row.kind, row.status)
    with reading(engine) as session:
        return Counter({(kind, status): count for kind, status, count in session.execute(query)})


def _halts(engine: Engine) -> Counter[tuple[str, str]]:
    """How often an operation of each kind halted, ever, as the log says: however it went on."""
    row, line = OperationRow, ActivityRow
    query = select(row.kind, func.count()).join(line, line.operation_id == row.id).where(line.outcome == Status.HALTED).group_by(row.kind)
    with reading(engine) as session:
        return Counter({(kind, str(Status.HALTED)): count for kind, count in session.execute(query)})


def _counted(name: str, label: str, kinds: Iterable[str], ended: Counter[tuple[str, str]]) -> list[Metric]:
    """Attempts, successes, failures and halts."""
    every = CounterMetricFamily(f"backstop_{name}", f"{name.capitalize()}s that ended", labels=[label])
    good = CounterMetricFamily(f"backstop_{name}_success", f"{name.capitalize()}s that reached their goal", labels=[label])
    bad = CounterMetricFamily(f"backstop_{name}_failure", f"{name.capitalize()}s that failed", labels=[label])
    halts = CounterMetricFamily(f"backstop_{name}_halted", f"Times that a {name} halted, however it went on", labels=[label])
    for kind in kinds:
        value, done = [kind.removesuffix(" backup").replace(" ", "_")], ended[(kind, "succeeded")]
        missed = ended[(kind, "failed")]
        every.add_metric(value, done + missed)
        good.add_metric(value, done)
        bad.add_metric(value, missed)
        halts.add_metric(value, ended[(kind, "halted")])
    return [every, good, bad, halts]


def _durations(engine: Engine) -> Metric:
    """How long backups took, ever."""
    found = HistogramMetricFamily("backstop_backup_duration_seconds", "How long a successful backup took", labels=["type"])
    done = operations(engine, _EVER)
    for kind in BACKUPS:
        seconds = [each.seconds for each in done if each.kind == kind and each.status == "succeeded" and each.seconds is not None]
        buckets = [(str(float(limit)), float(sum(each <= limit for each in seconds))) for limit in _BUCKETS]
        found.add_metric([kind.removesuffix(" backup")], [*buckets, ("+Inf", float(len(seconds)))], sum_value=sum(seconds))
    return found


def _newest(backstop: Backstop) -> list[Metric]:
    """The newest good backups, and the folder."""
    last = GaugeMetricFamily(
        "backstop_backup_last_successful_timestamp_seconds", "When the newest good backup was made (Unix time)", labels=["type"]
    )
    backups, label = backstop.catalogue.all(), backstop.settings.convex.production.name
    quick, full = newest_good(backups, "quick", label), newest_good(backups, "full", label)
    for newest in filter(None, (quick, full)):
        last.add_metric([newest.type], newest.timestamp.timestamp())
    found = [
        last,
        _gauge("backup_folder_size_bytes", "What all backups take", backstop.catalogue.used()),
        _gauge("backup_folder_limit_bytes", "What they may take", backstop.settings.backups.warn_at),
        _gauge("backup_kept", "Backups that are kept", len(backups)),
    ]
    if full is not None:
        at = full.moment
        found.append(_gauge("backup_last_snapshot_timestamp_seconds", "Of when the newest good data are (Unix time)", at.timestamp()))
        found.append(_gauge("backup_archive_size_bytes", "The newest good full backup's archive", full.size))
    return found


def _reckoned(figures: Figures) -> list[Metric]:
    """What is reckoned over the last 30 days; what is unknown is left out."""
    lose, most = figures.lose_now, figures.lose_most
    values = {
        "backup_success_ratio": ("Full backups of 30 days that succeeded", figures.backups["full backup"].rate),
        "backup_verified_ratio": ("Full backups that were restored and proven", figures.verified),
        "backup_copies": ("Places where the newest good full backup lies", figures.copies),
        "backup_growth_bytes_per_day": ("By how much the folder grows", figures.per_day),
        "recovery_point_seconds": ("Data that would be lost now", lose.total_seconds() if lose is not None else None),
        "recovery_point_worst_seconds": (
            "The most that could have been lost in 30 days",
            most.total_seconds() if most is not None else None,
        ),
        "recovery_time_seconds": ("How long coming back takes, in the middle of the last ones", figures.back),
        "restore_success_ratio": ("Restores, rollbacks, verifications and drills of 30 days that succeeded", figures.brought_back.rate),
        "approval_latency_seconds": ("How long a signature takes, in the middle", _middle(figures.signed_after)),
        "deploys_per_week": ("Deploys that succeeded", figures.per_week),
        "change_failure_ratio": ("Deploys that failed or were rolled back within a day", figures.changes_undone),
        "time_to_restore_seconds": ("How long production's rollbacks take", _middle(figures.restored_after)),
    }
    return [_gauge(name, help_, value) for name, (help_, value) in values.items() if value is not None]


def _middle(span: Span | None) -> float | None:
    """Of a span, where there is one."""
    return span.middle if span is not None else None


def _states(backstop: Backstop) -> list[Metric]:
    """What is so at this moment."""
    running = backstop.journal.running()
    by_severity = Counter(each.severity.value for each in alerts.open_ones(backstop.engine))
    found = GaugeMetricFamily("backstop_alerts_open", "Alerts that are open", labels=["severity"])
    for severity in ("P0", "P1"):
        found.add_metric([severity], by_severity[severity])
    return [
        found,
        _gauge("operations_running", "Operations under way", sum(each.status == "running" for each in running)),
        _gauge("operations_halted", "Operations that wait for a person's decision", sum(each.status == "halted" for each in running)),
    ]


def _gauge(name: str, help_: str, value: float | None) -> Metric:
    """One figure."""
    return GaugeMetricFamily(f"backstop_{name}", help_, value=value if value is not None else float("nan"))
