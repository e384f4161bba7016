"""What the product knows; it never imports `webapp`.

Importing it asks the linear algebra libraries for one thread, unless the environment says otherwise: matrices here are
small, and a second thread made them several times slower, far more where other processes want the processor too. It
has to be said before numpy is loaded.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
