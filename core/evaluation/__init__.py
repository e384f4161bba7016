"""Predictions against ground truth: reading both, matching them in time, tables, a picture of one over the other."""

from core.evaluation.comparing import Comparison, compare
from core.evaluation.poses import Poses
from core.evaluation.predictions import read_predictions, window_start
from core.evaluation.truth import read_truth

__all__ = ["Comparison", "Poses", "compare", "read_predictions", "read_truth", "window_start"]
