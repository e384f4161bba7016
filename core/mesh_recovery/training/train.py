"""The training loop: regressor against discriminators on synthetic people, with every term of the loss on record."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.arrays_on_disk import replacing
from core.body import load_body
from core.mesh_recovery.training.batches import Batch, BatchSettings, BatchSource
from core.mesh_recovery.training.discriminators import PoseShapeDiscriminator, discriminator_loss
from core.mesh_recovery.training.geometry import TorchBody, project_crop
from core.mesh_recovery.training.losses import LossWeights, Prediction, Truth, regressor_loss
from core.mesh_recovery.training.network import NetworkSettings, Regressor, parts
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE
from core.metrics.procrustes import pa_mpjpe
from core.progress import Progress, silent


@dataclass(frozen=True)
class TrainingSettings:
    """One training run."""

    steps: int = 6000
    """Steps of gradient; the same number and seed on the same machine give the same network."""
    seconds: float | None = None
    """A budget instead [s]: the learning rate follows the clock, and steps are as many as fit."""
    batch: int = 128
    """Windows a step."""
    uses: int = 3
    """How often each batch is trained on: drawing people takes as long as learning from them."""
    critics_batch: int = 24
    """Of these, how many the discriminators look at."""
    learning_rate: float = 1e-3
    """Of the regressor; warms up over 2 % of the run, then falls to zero along a cosine."""
    critics_every: int = 3
    """They look at every so many-th step."""
    critics_rate: float = 1e-4
    """Of the discriminators."""
    averaging: float = 0.999
    """The weights kept are a running mean with this memory."""
    seed: int = 0
    """Of people, noise and initial weights."""
    bfloat16: bool = True
    """Whether layers compute in bfloat16 (three times as fast on processors that have it); weights are float32."""
    record_every: int = 50
    """Steps between entries of the curves (means over these steps)."""
    network: NetworkSettings = field(default_factory=NetworkSettings)
    data: BatchSettings = field(default_factory=BatchSettings)
    weights: LossWeights = field(default_factory=LossWeights)


@dataclass(frozen=True)
class Trained:
    """The regressor (averaged weights) and its `curves`: one record per `record_every` steps."""

    regressor: Regressor
    curves: list[dict[str, float]]


def train(settings: TrainingSettings, progress: Progress = silent) -> Trained:
    """Train a regressor; see `TrainingSettings`."""
    torch.manual_seed(settings.seed)
    regressor = Regressor(settings.network)
    averaged = Regressor(settings.network)
    averaged.load_state_dict(regressor.state_dict())
    critics = PoseShapeDiscriminator() if settings.weights.adversary > 0 else None
    optimiser = torch.optim.AdamW(regressor.parameters(), settings.learning_rate, weight_decay=1e-4, fused=True)
    critics_optimiser = torch.optim.Adam(critics.parameters(), settings.critics_rate, fused=True) if critics else None
    validation = BatchSource(settings.seed + 10_000, settings.network, settings.data).draw(512)
    source = BatchSource(settings.seed, settings.network, settings.data)
    curves: list[dict[str, float]] = []
    recent: dict[str, list[float]] = {}
    started = time.monotonic()
    for step, batch in enumerate(_again(_ahead(source, settings.batch), settings)):
        elapsed = time.monotonic() - started
        done = step / settings.steps if settings.seconds is None else elapsed / settings.seconds
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * min(done / 0.02, 0.5 + 0.5 * np.cos(np.pi * done))
        looking = critics if step % settings.critics_every == 0 else None
        terms = _step(settings, source.body, regressor, optimiser, looking, critics_optimiser, batch)
        _average(averaged, regressor, min(settings.averaging, (1 + step) / (10 + step)))
        for name, value in terms.items():
            recent.setdefault(name, []).append(value)
        if (step + 1) % settings.record_every == 0:
            means = {name: float(np.mean(values)) for name, values in recent.items()}
            curves.append({"step": step + 1, "seconds": round(elapsed, 2), **means, **_validated(averaged, validation)})
            recent = {}
            progress(done, f"step {step + 1}: {curves[-1]['validation_pa_mm']:.1f} mm")
    return Trained(averaged.eval(), curves)


def _step(settings, body, regressor, optimiser, critics, critics_optimiser, batch: Batch) -> dict[str, float]:
    """One step of the regressor, then one of the discriminators; the weighted terms as numbers."""
    with _halved(settings):
        thetas = regressor(batch.features)
    answers = [parts(theta.float()) for theta in thetas]
    fakes = _fakes(answers, settings.critics_batch)
    predicted = _prediction(body, answers[-1], batch.scale, _scores(settings, critics, fakes) if critics else None)
    loss, terms = regressor_loss(predicted, truth_of(batch), settings.weights)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(regressor.parameters(), 10.0)
    optimiser.step()
    if critics:
        real = batch.rotations[-settings.critics_batch :, 1:], batch.betas[-settings.critics_batch :]
        of_real, of_fakes = (_scores(settings, critics, each) for each in (real, [f.detach() for f in fakes]))
        critics_loss = discriminator_loss(of_real, of_fakes)
        critics_optimiser.zero_grad(set_to_none=True)
        critics_loss.backward()
        critics_optimiser.step()
        terms["discriminator"] = critics_loss
    return {name: float(value.detach()) for name, value in terms.items()}


def _halved(settings: TrainingSettings):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=settings.bfloat16)


def _scores(settings: TrainingSettings, critics: PoseShapeDiscriminator, poses_and_shapes) -> Tensor:
    with _halved(settings):
        return critics(*poses_and_shapes).float()


def _fakes(answers: list[tuple[Tensor, Tensor, Tensor]], count: int) -> tuple[Tensor, Tensor]:
    """The poses (without global orientation) and shapes of all iterations, of the first `count` samples."""
    return torch.cat([a[1][:count, 1:] for a in answers]), torch.cat([a[2][:count] for a in answers])


def _prediction(body: TorchBody, answer: tuple[Tensor, Tensor, Tensor], scale: Tensor, fakes=None) -> Prediction:
    camera, rotations, betas = answer
    joints, landmarks = (points[:, 0] for points in body.pose(rotations[:, None], betas))
    keypoints = project_crop(landmarks, camera, scale)
    return Prediction(rotations, betas, torch.cat([joints, landmarks], dim=1), keypoints, fakes)


def truth_of(batch: Batch) -> Truth:
    """The labels of a batch, all of which have 3D; the keypoints are known without noise, so all count alike."""
    points = torch.cat([batch.joints, batch.landmarks], dim=1)
    ones = torch.ones(batch.keypoints.shape[:2])
    return Truth(batch.rotations, batch.betas, points, batch.keypoints, ones, torch.ones(len(points)))


@torch.no_grad()
def _validated(regressor: Regressor, batch: Batch) -> dict[str, float]:
    """Error on people of the training distribution that were not trained on."""
    body = TorchBody(load_body())
    predicted = _prediction(body, parts(regressor(batch.features)[-1]), batch.scale)
    landmarks = predicted.points[:, 24:][:, LIMBS_IN_BLAZEPOSE].numpy()
    return {
        "validation_pa_mm": 1000 * float(pa_mpjpe(landmarks, batch.landmarks[:, LIMBS_IN_BLAZEPOSE].numpy()).mean())
    }


@torch.no_grad()
def _average(averaged: Regressor, regressor: Regressor, memory: float) -> None:
    for kept, now in zip(averaged.parameters(), regressor.parameters(), strict=True):
        kept.lerp_(now, 1 - memory)


def _again(fresh: Iterator[Batch], settings: TrainingSettings, kept: int = 64) -> Iterator[Batch]:
    """Each batch `settings.uses` times: as it comes, then drawn from the last ones `kept`, in an order of the seed."""
    rng = np.random.default_rng(settings.seed)
    last: list[Batch] = []
    for batch in fresh:
        yield batch
        last.append(batch)
        if len(last) == kept:
            for i in rng.permutation(np.repeat(np.arange(kept), settings.uses - 1)):
                yield last[i]
            last.clear()


def _ahead(source: BatchSource, count: int) -> Iterator[Batch]:
    """Batches drawn in a thread of their own, a few ahead; their order is the seed's."""
    waiting: queue.Queue[Batch] = queue.Queue(maxsize=3)
    stop = threading.Event()

    def fill() -> None:
        while not stop.is_set():
            batch = source.draw(count)
            while not stop.is_set():
                try:
                    waiting.put(batch, timeout=0.2)
                    break
                except queue.Full:
                    continue

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        while True:
            yield waiting.get()
    finally:
        stop.set()
        thread.join()


def save(trained: Trained, settings: TrainingSettings, folder: Path) -> None:
    """Write regressor.pt (weights) and curves.json (settings and curves) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "regressor.pt") as temporary:
        torch.save(trained.regressor.state_dict(), temporary)
    with replacing(folder / "curves.json") as temporary:
        content = {"settings": asdict(settings), "curves": trained.curves}
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
