"""How the service is doing, counted in the database, so that any of its processes tells the whole."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from api.database import Database

#: name, kind, help, query that gives (labels…, value), names of the labels.
METRICS: Final = (
    (
        "forwardpass_queue_depth",
        "gauge",
        "Jobs that wait.",
        "SELECT queue_name, count(*) FROM procrastinate_jobs WHERE status = 'todo' GROUP BY 1",
        ("queue",),
    ),
    (
        "forwardpass_queue_age_seconds",
        "gauge",
        "How long the oldest waiting grading waits.",
        """SELECT queue, extract(epoch FROM now() - min(created_at)) FROM grading WHERE state = 'queued' GROUP BY 1""",
        ("queue",),
    ),
    (
        "forwardpass_gradings",
        "gauge",
        "Gradings by where they are.",
        "SELECT state, count(*) FROM grading GROUP BY 1",
        ("state",),
    ),
    (
        "forwardpass_results_total",
        "counter",
        "Results by verdict.",
        "SELECT verdict, count(*) FROM result GROUP BY 1",
        ("verdict",),
    ),
    (
        "forwardpass_attempts_total",
        "counter",
        "Attempts by how they ended; a worker that died left none.",
        "SELECT CASE outcome WHEN '' THEN 'open' ELSE outcome END, count(*) FROM attempt GROUP BY 1",
        ("outcome",),
    ),
    (
        "forwardpass_grading_seconds_sum",
        "counter",
        "Seconds of gradings that are done, by phase: waiting for a worker, and at work.",
        """SELECT phase, coalesce(sum(extract(epoch FROM seconds)), 0) FROM (
             SELECT 'waiting' AS phase, a.started_at - g.created_at AS seconds
             FROM attempt a JOIN grading g ON g.id = a.grading_id AND g.epoch = a.epoch WHERE a.outcome = 'done'
             UNION ALL SELECT 'working', finished_at - started_at FROM attempt WHERE outcome = 'done') AS phases
           GROUP BY 1""",
        ("phase",),
    ),
    (
        "forwardpass_lanes_replaced_total",
        "counter",
        "Lanes that were lost and replaced.",
        "SELECT coalesce(sum(lanes), 0) FROM lane_loss",
        (),
    ),
    (
        "forwardpass_workers",
        "gauge",
        "Workers that said within a minute that they live.",
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'",
        (),
    ),
)


def exposition(database: Database) -> str:
    """All metrics, as Prometheus reads them."""
    with database.engine.connect() as connection:
        return "".join(_metric(connection, *metric) for metric in METRICS)


def _metric(connection: Connection, name: str, kind: str, help_text: str, query: str, labels: tuple[str, ...]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
    for *values, number in connection.execute(text(query)):
        named = ",".join(f'{label}="{value}"' for label, value in zip(labels, values, strict=True))
        lines.append(f"{name}{{{named}}} {float(number):g}" if named else f"{name} {float(number):g}")
    return "\n".join(lines) + "\n"
