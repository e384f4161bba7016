"""TFLite's sparse tensors made dense (the DENSIFY operator, done once while converting).

The format is that of TensorFlow Lite's schema (`SparsityParameters`), after TACO (Kjolstad et al. 2017): the tensor is
a tree of levels walked in `order`; a level is dense (every index) or compressed (segments and indices, as in CSR). The
levels after the tensor's rank are the inner indices of blocks along the axes in `blocks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SparseAxis:
    """One level: `size` for a dense one, else CSR's `segments` [parents+1] and `indices` [children]."""

    size: int = 0
    segments: np.ndarray | None = None
    indices: np.ndarray | None = None


def densify(
    values: np.ndarray, shape: Sequence[int], order: Sequence[int], blocks: Sequence[int], axes: Sequence[SparseAxis]
) -> np.ndarray:
    """The dense tensor of `shape`; `values` [n] are the stored ones in the order of the walk."""
    rank = len(shape)
    coordinates = _walk(axes)
    if len(coordinates) != len(values):
        raise ValueError(f"{len(values)} values are stored, but the sparsity pattern has {len(coordinates)} places.")
    place = np.zeros((len(values), rank), np.int64)
    for level, axis in enumerate(order):
        if axis < rank:
            place[:, axis] += coordinates[:, level] * _block_size(axis, order, blocks, axes, rank)
        else:
            place[:, blocks[axis - rank]] += coordinates[:, level]
    dense = np.zeros(tuple(shape), values.dtype)
    dense[tuple(place.T)] = values
    return dense


def _walk(axes: Sequence[SparseAxis]) -> np.ndarray:
    """The level indices [n, levels] of every stored value."""
    found = np.zeros((1, 0), np.int64)
    for axis in axes:
        if axis.segments is None or axis.indices is None:
            parents = np.repeat(np.arange(len(found)), axis.size)
            own = np.tile(np.arange(axis.size), len(found))
        else:
            parents = np.repeat(np.arange(len(found)), np.diff(axis.segments))
            own = axis.indices
        found = np.column_stack([found[parents], own])
    return found


def _block_size(axis: int, order: Sequence[int], blocks: Sequence[int], axes: Sequence[SparseAxis], rank: int) -> int:
    for level, what in enumerate(order):
        if what >= rank and blocks[what - rank] == axis:
            return axes[level].size
    return 1
