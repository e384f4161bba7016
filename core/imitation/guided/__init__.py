"""Guided policy learning: an expert of linear feedbacks, learned from samples, that a network is taught by."""
