"""Forecast where a training run ends, when it reaches a target, and whether more training or more samples pays."""

from rlef_env.analysis.forecast.forecast import LEVELS, MIN_EVALUATIONS, Bands, Curve, Forecast, Reach, forecast
from rlef_env.analysis.forecast.series import Series

__all__ = ["LEVELS", "MIN_EVALUATIONS", "Bands", "Curve", "Forecast", "Reach", "Series", "forecast"]
