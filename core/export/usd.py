"""OpenUSD: one skinned, animated body as UsdSkel, in metres and y up.

/Body (SkelRoot) holds the mesh, the skeleton (joints named by their path, "pelvis/left_hip/left_knee") and the
animation with a sample at every frame; time codes are frames. Written with Pixar's usd-core, which is optional.
"""

from pathlib import Path
from typing import Any

import numpy as np

from core.arrays_on_disk import replacing
from core.body import Body
from core.body.appearance import linear_from_srgb, vertex_colours, vertex_normals
from core.body.rotations import continuous_quaternions, quaternion_from_axis_angle
from core.errors import MissingDependencyError
from core.export.preparing import prepared
from core.motion import BodyMotion

Array = np.ndarray
Colour = tuple[float, float, float]


def write_usd(path: Path, motion: BodyMotion, body: Body, dye: Colour | None = None) -> None:
    """Write `motion` on `body`, atomically; the suffix (.usd, .usdc, .usda) chooses binary or text.

    `MissingDependencyError` where usd-core is not installed, `BadInputError` where the motion cannot be written.
    """
    _import_pxr()
    motion = prepared(motion, body)
    with replacing(Path(path)) as temporary:
        _write(temporary, motion, body, dye)


def _import_pxr() -> Any:
    try:
        import pxr
    except ImportError:
        raise MissingDependencyError(
            "Writing USD needs usd-core, which is not installed. Get it with: pip install usd-core "
            "(or pip install -r requirements-export.txt in the project's folder)."
        ) from None
    return pxr


def _write(path: Path, motion: BodyMotion, body: Body, dye: Colour | None) -> None:
    from pxr import Sdf, Usd, UsdGeom, UsdSkel

    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(motion.fps)
    stage.SetFramesPerSecond(motion.fps)
    stage.SetStartTimeCode(0)
    stage.SetEndTimeCode(len(motion) - 1)
    root = UsdSkel.Root.Define(stage, "/Body")
    stage.SetDefaultPrim(root.GetPrim())
    _animation(UsdSkel.Animation.Define(stage, "/Body/Motion"), motion, body)
    _skeleton(UsdSkel.Skeleton.Define(stage, "/Body/Skeleton"), motion, body)
    mesh = UsdGeom.Mesh.Define(stage, "/Body/Mesh")
    _mesh(mesh, motion, body, dye)
    for prim in (root, mesh):
        binding = UsdSkel.BindingAPI.Apply(prim.GetPrim())
        binding.CreateSkeletonRel().SetTargets([Sdf.Path("/Body/Skeleton")])
    UsdSkel.BindingAPI.Apply(stage.GetPrimAtPath("/Body/Skeleton")).CreateAnimationSourceRel().SetTargets(
        [Sdf.Path("/Body/Motion")]
    )
    lowest, highest = motion.joints.min(axis=(0, 1)) - 0.3, motion.joints.max(axis=(0, 1)) + 0.3
    UsdGeom.Boundable(root.GetPrim()).CreateExtentAttr(_vectors(np.stack([lowest, highest])))
    stage.GetRootLayer().Save()


def joint_paths(body: Body) -> list[str]:
    """UsdSkel's names of the joints: each its path from the pelvis."""
    paths: list[str] = []
    for name, parent in zip(body.names, body.parents, strict=True):
        paths.append(name if parent < 0 else f"{paths[int(parent)]}/{name}")
    return paths


def _animation(animation: Any, motion: BodyMotion, body: Body) -> None:
    from pxr import Gf, Vt

    rest = body.rest_joints(motion.betas)
    quaternions = continuous_quaternions(quaternion_from_axis_angle(motion.poses.reshape(len(motion), -1, 3)))
    offsets = rest - np.where(body.parents[:, None] < 0, 0.0, rest[body.parents])
    animation.CreateJointsAttr(joint_paths(body))
    animation.CreateScalesAttr(Vt.Vec3hArray([Gf.Vec3h(1, 1, 1)] * len(rest)))
    turns, places = animation.CreateRotationsAttr(), animation.CreateTranslationsAttr()
    for t in range(len(motion)):
        offsets[0] = rest[0] + motion.trans[t]
        turns.Set(Vt.QuatfArray([Gf.Quatf(*(float(v) for v in q)) for q in quaternions[t]]), t)
        places.Set(_vectors(offsets), t)


def _skeleton(skeleton: Any, motion: BodyMotion, body: Body) -> None:
    rest = body.rest_joints(motion.betas)
    skeleton.CreateJointsAttr(joint_paths(body))
    skeleton.CreateBindTransformsAttr(_matrices(rest))
    skeleton.CreateRestTransformsAttr(_matrices(rest - np.where(body.parents[:, None] < 0, 0.0, rest[body.parents])))


def _mesh(mesh: Any, motion: BodyMotion, body: Body, dye: Colour | None) -> None:
    from pxr import UsdGeom, UsdSkel, Vt

    vertices = body.rest_vertices(motion.betas)
    mesh.CreatePointsAttr(_vectors(vertices))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(body.faces), 3, np.int32)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(body.faces.astype(np.int32).reshape(-1)))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateNormalsAttr(_vectors(vertex_normals(vertices, body.faces)))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateExtentAttr(_vectors(np.stack([vertices.min(axis=0), vertices.max(axis=0)])))
    colours = mesh.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex)
    colours.Set(_vectors(linear_from_srgb(vertex_colours(body, dye))))
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    influences = body.weight_indices.shape[1]
    indices = body.weight_indices.astype(np.int32).reshape(-1)
    binding.CreateJointIndicesPrimvar(False, influences).Set(Vt.IntArray.FromNumpy(indices))
    weights = body.weight_values.astype(np.float32).reshape(-1)
    binding.CreateJointWeightsPrimvar(False, influences).Set(Vt.FloatArray.FromNumpy(weights))


def _vectors(rows: Array) -> Any:
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(rows, np.float32))


def _matrices(translations: Array) -> list[Any]:
    from pxr import Gf

    return [Gf.Matrix4d(1.0).SetTranslate(Gf.Vec3d(*(float(v) for v in place))) for place in translations]
