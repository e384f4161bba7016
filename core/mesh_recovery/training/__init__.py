"""How the embedded regressor is made: synthetic people, the published loss, training, export.

Only `train-hmr` and measurements need this; what runs in the pipeline is `core.mesh_recovery.embedded`.
"""
