"""One thread for small linear algebra, whoever starts the program."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["core.body", "webapp.cli"])
def test_importing_the_product_settles_the_threads_before_numpy(module):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {k: v for k, v in os.environ.items() if k not in names}
    code = f"import {module}, os; print(*[os.environ[n] for n in {names}])"
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["1", "1", "1"]


def test_the_environments_own_wish_is_respected():
    code = "import core, os; print(os.environ['OPENBLAS_NUM_THREADS'])"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "3"}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "3"
