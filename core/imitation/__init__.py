"""Learning to imitate a reference motion."""
