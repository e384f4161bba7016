"""Banded Gauss-Newton with Levenberg-Marquardt damping: few expensive, very good steps."""

from dataclasses import dataclass

from core.progress import Progress, silent
from core.reconstruction.curves import Curve
from core.reconstruction.evaluate import evaluate
from core.reconstruction.evidence import Evidence
from core.reconstruction.normal_equations import normal_equations, solve
from core.reconstruction.objective import Term
from core.reconstruction.segments import State


@dataclass(frozen=True)
class GaussNewtonSettings:
    """When to stop, and how careful to start."""

    iterations: int = 5
    """At most this many steps; more begin to fit the noise in depth."""

    damping: float = 1e-3
    """Share of the diagonal that is added to it at first; a tenth after each step that helped, ten times that after
    one that did not."""

    least_gain: float = 2e-3
    """A step that lowers the objective by a smaller share than this is the last."""


def gauss_newton(
    objective: tuple[Term, ...],
    evidence: Evidence,
    state: State,
    settings: GaussNewtonSettings | None = None,
    progress: Progress = silent,
) -> tuple[State, Curve]:
    """(the state that minimises `objective` near `state`, every term's energy at the start and after each step that
    helped)."""
    settings = settings or GaussNewtonSettings()
    damping = settings.damping
    basis = evidence.levers.basis
    energies, sums = evaluate(objective, evidence, state, curved=True)
    curve = [energies]
    equations = normal_equations(sums, basis)
    for iteration in range(settings.iterations):
        progress(iteration / settings.iterations, f"Step {iteration + 1} of at most {settings.iterations}")
        step = solve(equations, damping)
        if step is not None:
            tried = state.moved(*step)
            energies, sums = evaluate(objective, evidence, tried, curved=True)
        if step is None or not sum(energies.values()) < sum(curve[-1].values()):
            damping *= 10.0
            if damping > 1e6:
                break
            continue
        gain = 1.0 - sum(energies.values()) / sum(curve[-1].values())
        state, damping = tried, damping / 10.0
        curve.append(energies)
        if gain < settings.least_gain or iteration == settings.iterations - 1:
            break
        equations = normal_equations(sums, basis)
    return state, Curve("gauss_newton", tuple(curve))
