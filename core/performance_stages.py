"""The stages of a run that put motions under physics, measure them and draw them side by side.

Each reads files of the run's folder and writes others; `core.pipeline` says when.
"""

from pathlib import Path

from core.body_stages import MOTION_COLOUR, camera_of, each_person, on_chosen_body, write_mesh
from core.control.assisted import AssistedSettings, assisted
from core.control.performing import at_rate_of, sampling_settings
from core.control.sampling import perform_sampling
from core.errors import BadInputError, MissingDependencyError
from core.export.humanoid_glb import write_humanoid_glb
from core.export.rollout_files import ROLLOUT_COLOUR
from core.export.video import SideBySideSettings, write_side_by_side
from core.humanoid import rollout_to_body
from core.metrics import plausibility, rollout_figures
from core.motion import BodyMotion, HumanoidMotion, Rollout, Track
from core.notices import notice
from core.progress import Progress, silent
from core.reconstruction.placing import place_in_world
from core.run_figures import policy_figures
from core.run_folder import RunFolder, write_json
from core.run_settings import RunSettings
from core.video import load_clip


def assisted_physics(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """rollouts/assisted.* of each person."""

    def work(person: Path, progress: Progress) -> None:
        reference = HumanoidMotion.load(person / "reference.txt")
        rollout = assisted(reference, AssistedSettings(), progress)
        rollout.save(person / "rollouts" / "assisted.npz")
        body = rollout_to_body(rollout, BodyMotion.load(person / "motion.npz"))
        write_mesh(person / "rollouts" / "assisted-body.glb", body, settings, ROLLOUT_COLOUR)
        write_humanoid_glb(person / "rollouts" / "assisted-humanoid.glb", rollout)

    each_person(work, folder, progress)


def unassisted_physics(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """rollouts/sampling.* of each person, again with every better rollout; a note where there can be none."""

    def work(person: Path, progress: Progress) -> None:
        motion = BodyMotion.load(person / "motion.npz")
        reference = HumanoidMotion.load(person / "reference.txt")

        performed = False

        def keep(rollout: Rollout) -> None:
            nonlocal performed
            performed = True
            rollout.save(person / "rollouts" / "sampling.npz")
            body = rollout_to_body(at_rate_of(rollout, motion.fps), motion)
            write_mesh(person / "rollouts" / "sampling-body.glb", body, settings, ROLLOUT_COLOUR)
            write_humanoid_glb(person / "rollouts" / "sampling-humanoid.glb", rollout)
            measure(folder, settings, silent)  # so that whoever watches, or cancels, has the figures of what there is

        how = sampling_settings(settings.sampling, settings.seed, motion, reference.scale)
        try:
            perform_sampling(reference, how, progress, on_best=keep)  # tells the last one, too
        except BadInputError as error:
            if performed:  # then not the reference is at fault, but what was to be done with the performance
                raise
            # All the rest is there and stays good.
            notice(f"There is no unassisted performance. {error}")

    each_person(work, folder, progress)


def measure(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """metrics.json: the figures of every person's motions and rollouts; not of policies, which have a file each."""
    figures: dict[str, dict[str, dict[str, float | None]]] = {}
    for n in folder.people():
        person = folder.person(n)
        track, motion = Track.load(person / "track.npz"), BodyMotion.load(person / "motion.npz")
        hmr = place_in_world(BodyMotion.load(person / "hmr.npz"), camera_of(motion))
        # All are measured at the reconstruction's contacts: each at its own would flatter whoever seldom stands still.
        contacts, supports = motion.contacts, motion.supports
        of_person = {
            "hmr": plausibility(hmr, track, contacts, supports=supports),
            "motion": plausibility(motion, track, contacts),
        }
        for path in sorted((person / "rollouts").glob("*.npz")):
            if policy_figures(person, path.stem).is_file():  # by its training, perhaps at work on another machine now
                continue
            of_person[path.stem] = _figures_of(Rollout.load(path), motion, track)
        figures[str(n)] = of_person
    write_json(folder.metrics, figures)


def measure_policy(person: Path, name: str) -> None:
    """rollouts/NAME.json: the figures of a policy's performance `name` in a person's folder."""
    track, motion = Track.load(person / "track.npz"), BodyMotion.load(person / "motion.npz")
    rollout = Rollout.load(person / "rollouts" / f"{name}.npz")
    write_json(policy_figures(person, name), _figures_of(rollout, motion, track))


def _figures_of(rollout: Rollout, motion: BodyMotion, track: Track) -> dict[str, float | None]:
    rollout = at_rate_of(rollout, motion.fps)
    body = rollout_to_body(rollout, motion)
    # A performance of one cycle has other frames than the clip: nothing of the clip to compare it with.
    alike = len(body) == len(motion)
    return plausibility(body, track if alike else None, motion.contacts if alike else None) | rollout_figures(rollout)


def side_by_side_video(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """side_by_side.mp4 of each person, with the best performance there is; a note where it cannot be drawn."""
    clip = load_clip(folder.clip)

    def work(person: Path, progress: Progress) -> None:
        motion = BodyMotion.load(person / "motion.npz")
        performed, name = motion, "reconstruction"
        rollouts = [person / "rollouts" / f"{tracker}.npz" for tracker in ("sampling", "assisted")]
        rollout = next((path for path in rollouts if path.exists()), None)
        if rollout is not None:
            performed = rollout_to_body(at_rate_of(Rollout.load(rollout), motion.fps), motion)
            name = f"physics, {rollout.stem}"
        look = SideBySideSettings(
            mesh_colour=MOTION_COLOUR,
            performance_colour=ROLLOUT_COLOUR if rollout else MOTION_COLOUR,
            performance_label=name,
            repeat_performance=settings.loop,
        )
        path, track = person / "side_by_side.mp4", Track.load(person / "track.npz")
        (shown, body), (performed, _) = (on_chosen_body(each, settings) for each in (motion, performed))
        write_side_by_side(path, clip, track, shown, performed, body, look, progress)

    try:
        each_person(work, folder, progress)
    except MissingDependencyError as error:
        notice(f"There is no side_by_side.mp4. {error}")
