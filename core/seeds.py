"""What a seed may be, wherever something random can be repeated."""

from core.errors import BadInputError

LARGEST_SEED = 2**32 - 1
"""numpy's older generator, which stable-baselines3 draws from, takes no larger ones."""


def check_seed(seed: int) -> None:
    """`BadInputError` for what cannot seed every generator that is used."""
    if not 0 <= seed <= LARGEST_SEED:
        raise BadInputError(f"A seed should be a whole number from 0 to {LARGEST_SEED}, but is {seed}.")
