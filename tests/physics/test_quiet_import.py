"""Importing the physics says nothing: a person's terminal is for what they asked for."""

import subprocess
import sys


def test_importing_the_engine_prints_nothing_and_keeps_the_error_output():
    code = "import core.physics.bullet, sys; print('still here', file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("", "still here\n")
