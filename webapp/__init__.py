"""The site and the command line."""

import core  # noqa: F401  (before numpy: it settles the number of threads)
