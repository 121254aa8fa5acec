"""Reports on runs: a page that opens from disk, the same page live, and figures for papers."""

from rlef_env.analysis.report.dashboard import Dashboard, Player
from rlef_env.analysis.report.figures import write_figures
from rlef_env.analysis.report.live import LiveReport
from rlef_env.analysis.report.page import write_report

__all__ = ["Dashboard", "LiveReport", "Player", "write_figures", "write_report"]
