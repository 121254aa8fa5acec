"""Metrics of the server, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rlef_env.sandbox.machine.health import MachineHealth

__all__ = ["Metrics"]

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """Counters and gauges of one server.

    Args:
        machine: accuracy of this machine, measured at the start.
    """

    def __init__(self, machine: MachineHealth) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Counter("rlef_requests", "Requests answered", ["route", "status"], registry=registry)
        self.seconds = Histogram(
            "rlef_request_seconds", "Time to the answer", ["route"], buckets=SECONDS, registry=registry
        )
        self.num_pending = Gauge("rlef_requests_under_way", "Requests accepted and not answered", registry=registry)
        self.num_queued = Gauge("rlef_programs_queued", "Programs that wait for a worker", registry=registry)
        self.num_running = Gauge("rlef_programs_running", "Programs that are judged or run now", registry=registry)
        self.workers = Gauge("rlef_workers", "Programs that can be judged at the same time", registry=registry)
        self.draining = Gauge("rlef_draining", "1 once no request is accepted any more", registry=registry)
        self.verdicts = Counter("rlef_verdicts", "Judgements", ["verdict"], registry=registry)
        self.runs = Counter("rlef_runs", "Programs run without a problem", ["status"], registry=registry)
        self.ready = Gauge("rlef_ready", "1 while requests are accepted", registry=registry)
        self.starved = Counter(
            "rlef_starved", "Judgements without a verdict because the machine gave too little time", registry=registry
        )
        for name, value, meaning in (
            ("cpu_p99_seconds", machine.cpu_p99, "CPU time of an empty program, 99th percentile"),
            ("wall_p99_seconds", machine.wall_p99, "Wall time of an empty program, 99th percentile"),
            ("stolen_share", machine.stolen, "Share of the busy time that the host gave to other machines"),
            ("trusted_seconds", machine.trusted_seconds, "Smallest time limit for which verdicts can be trusted"),
            ("starved", float(machine.starved), "1 if verdicts of this machine cannot be trusted"),
        ):
            if value is not None:
                Gauge(f"rlef_machine_{name}", f"{meaning}, at the start", registry=registry).set(value)
        self.disconnected = Counter(
            "rlef_clients_vanished", "Clients that disconnected before their answer", registry=registry
        )

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
