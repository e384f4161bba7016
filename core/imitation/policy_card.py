"""card.md: what a policy is, where it comes from and how good it is, in a page."""

from typing import Any

_TEMPLATE = """# {name}

A policy that makes DeepMimic's humanoid (15 bodies, 28 degrees of freedom, 45 kg) perform one motion by its
muscles{how}.

| | |
|---|---|
| motion | {motion} (fingerprint {fingerprint}), {length:.1f} s{loop}; `reference.txt` |
| trained in | {engine}, {step_hz:g} simulation steps a second, policy at 30 Hz |
| trained for | {samples:,} samples, {seconds:.0f} s on {processes} process(es), seed {seed}{resumed} |
| start states | {starts} |
| assist in training | {assist} |
| task | {task} |
| versions | {versions} |

## How good it is

Without noise, from {n} starts spread over the motion, each for {horizon_s:.1f} s. The return is the mean reward of a
step ({reward}'s definition, 1 at most) over the full time, zeros after the fall.

| starts | return | time to fall | never fell |
|---|---|---|---|
| as the reference is | {return_plain:.3f} | {up_plain:.1f} s | {share_plain:.0%} |
| joints off by 0.1 rad, root by 0.3 m/s | {return_disturbed:.3f} | {up_disturbed:.1f} s | {share_disturbed:.0%} |

{assist_note}## How it learned

Evaluations as it went (as the reference is):

| samples | return | time to fall | assist |
|---|---|---|---|
{curve}

## What lies here

- `policy.zip`: `stable_baselines3.PPO.load("policy.zip")`, plain MlpPolicy. Raw observations in, actions [28] out:
  times {action_scale:g} rad, added onto the reference's targets. Opening a zip of stable-baselines3 runs code that is
  in it: open only zips from people you trust.{halves}
- `policy.onnx`: the same and more, for ONNX Runtime: raw `observations` and `reference_targets` [36] in, `offsets` [28]
  rad and `targets` [36] out. Holds numbers only.
- {play}
- `reference.txt`: the motion in DeepMimic's format.
"""

_PLAY = "`play.py` with `play.npz`{model}: plays it; needs numpy, onnxruntime and mujoco, and nothing else."
_HALVES = (
    "\n  The policy knows half a cycle. While the phase's sine is below zero, mirror what this file is shown, and its "
    "actions;\n  `policy.onnx` does so itself."
)
_MANY = 12


def card(name: str, record: dict[str, Any], curve: list[dict[str, Any]], length_s: float, loop: bool) -> str:
    """The card of a training: its `record` (training.json, with "evaluation" and "disturbed") and its curve."""
    settings, plain, disturbed = record["settings"], record["evaluation"], record["disturbed"]
    left = plain["assist"]
    return _TEMPLATE.format(
        name=name,
        how=f", helped by {left:.0%} of a root assist" if left else " alone",
        motion=record["name"],
        fingerprint=record["motion"],
        length=length_s,
        loop=", one cycle of a loop" if loop else "",
        engine=settings["engine"],
        step_hz=settings["step_hz"],
        samples=record["samples"],
        seconds=record["seconds"],
        processes=record["processes"],
        seed=settings["seed"],
        resumed=f", resumed {len(record['resumed_at'])} time(s)" if record["resumed_at"] else "",
        starts=settings["starts"] + _disturbed(settings),
        assist=_annealed(settings),
        task=f"{settings['task']} (weight {settings['task_weight']:g})" if settings["task"] else "none",
        versions=", ".join(f"{k} {v}" for k, v in record["versions"].items()),
        n=settings["evaluation_starts"],
        horizon_s=plain["horizon_s"],
        reward="the paper" if settings["environment"]["reward"] == "paper" else "the code",
        return_plain=plain["mean_return"],
        up_plain=plain["seconds_up"],
        share_plain=plain["share_up"],
        return_disturbed=disturbed["mean_return"],
        up_disturbed=disturbed["seconds_up"],
        share_disturbed=disturbed["share_up"],
        assist_note=f"**Assisted**: measured with {left:.0%} of the root assist; worse without it.\n\n" if left else "",
        curve="\n".join(_rows(curve)),
        action_scale=settings["environment"]["action_scale"],
        play=_play(settings),
        halves=_HALVES if settings.get("half_cycle") else "",
    )


def _annealed(settings: dict[str, Any]) -> str:
    if not settings["assist"]:
        return "none"
    return f"from {settings['assist']:.0%} to nothing over {settings['assist_samples']:,} samples"


def _disturbed(settings: dict[str, Any]) -> str:
    most = settings.get("disturbed", 0.0)
    return f", at last disturbed by up to {most:g} x (0.1 rad, 0.3 m/s)" if most else ""


def _play(settings: dict[str, Any]) -> str:
    if settings["engine"] != "mujoco":
        return "No `play.py`: it plays policies of MuJoCo; `understudy rollout` plays this one."
    goals = {"heading": " `--heading DEGREES` says where to walk.", "target": " `--target AHEAD,RIGHT` says where to."}
    return _PLAY.format(model=" and `humanoid.xml`") + goals.get(settings["task"], "")


def _rows(curve: list[dict[str, Any]]) -> list[str]:
    found = [line for line in curve if "return" in line]
    step = max(1, -(-len(found) // _MANY))
    kept = found[::-step][::-1]
    return [f"| {x['samples']:,} | {x['return']:.3f} | {x['seconds_up']:.1f} s | {x['assist']:.2f} |" for x in kept]
