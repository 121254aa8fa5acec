"""What the server counts, for Prometheus to collect."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rlef_env.sandbox import MachineHealth

__all__ = ["Metrics"]

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """Counters of one server.

    Args:
        machine: how exactly this machine measures programs, as of the start.
    """

    def __init__(self, machine: MachineHealth) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter("rlef_requests", "Requests answered", ["route", "status"], registry=self._registry)
        self.seconds = Histogram(
            "rlef_request_seconds", "Time to the answer", ["route"], buckets=SECONDS, registry=self._registry
        )
        self.num_pending = Gauge("rlef_requests_under_way", "Requests accepted, not answered", registry=self._registry)
        self.draining = Gauge("rlef_draining", "1 while no request is accepted any more", registry=self._registry)
        self.verdicts = Counter("rlef_verdicts", "Judgements", ["verdict"], registry=self._registry)
        self.runs = Counter("rlef_runs", "Programs run without a problem", ["status"], registry=self._registry)
        self.ready = Gauge("rlef_ready", "1 while requests are accepted", registry=self._registry)
        self.starved = Counter(
            "rlef_starved", "Judgements without a verdict as the machine gave too little time", registry=self._registry
        )
        for name, value, meaning in (
            (
                "cpu_p99_seconds",
                machine.cpu_p99,
                "CPU time of a program that does nothing, 99th percentile",
            ),
            ("wall_p99_seconds", machine.wall_p99, "Its time from start to end, 99th percentile"),
            ("stolen_share", machine.stolen, "Share of the busy time that the host gave to others"),
            ("trusted_seconds", machine.trusted_seconds, "Smallest time limit for which verdicts here can be trusted"),
            ("starved", float(machine.starved), "1 if verdicts here cannot be trusted"),
        ):
            if value is not None:
                Gauge(f"rlef_machine_{name}", f"{meaning}, at the start", registry=self._registry).set(value)
        self.vanished = Counter("rlef_clients_vanished", "Clients that did not wait", registry=self._registry)

    def text(self) -> bytes:
        """Everything, in the text format."""
        return generate_latest(self._registry)
