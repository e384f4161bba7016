"""Whose a run is."""

LOCAL_USER = "local"
"""The user of a site that asks nobody who they are, or asks for a password: whoever is there is its owner."""
