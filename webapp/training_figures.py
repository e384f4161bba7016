"""Trainings' figures for Prometheus."""

from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from core.jobs.database import READS_ONLY
from core.jobs.tables import TRAINING_STATES, Run, Training
from core.training_folder import WORK, training_folder
from webapp.site import Site
from webapp.training_view import latest_lines

_OF_ITERATIONS = {
    "samples": "Policy steps of a running training so far.",
    "samples_per_second": "Policy steps a second of a running training, updates included.",
    "reward": "Mean reward of a step while a running training explores.",
}
_OF_EVALUATIONS = {
    "return": "Mean reward over the full horizon, zeros after the fall, at a running training's last evaluation.",
    "seconds_up": "Mean time to the fall at a running training's last evaluation.",
}


class TrainingCollector(Collector):
    """Reads the store and the curves of running trainings when it is asked."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        """Trainings by state, and the latest figures of each that runs, by its id."""
        engine = self._site.engine.execution_options(**READS_ONLY)
        by_state = sa.select(Training.state, sa.func.count()).group_by(Training.state)
        going = sa.select(Training.id, Training.run_id, Training.person).where(Training.state == "running")
        with Session(engine) as session:
            rows = session.execute(by_state.join(Run).where(Run.deleted.is_(None)))
            counts: Counter[str] = Counter({row[0]: row[1] for row in rows})
            running = session.execute(going.join(Run).where(Run.deleted.is_(None))).all()
        trainings = GaugeMetricFamily("understudy_trainings", "Trainings by state.", labels=["state"])
        for state in TRAINING_STATES:
            trainings.add_metric([state], counts[state])
        yield trainings
        names = _OF_ITERATIONS | _OF_EVALUATIONS
        gauges = {
            name: GaugeMetricFamily(f"understudy_training_{name}", text, labels=["training"])
            for name, text in names.items()
        }
        for training_id, run_id, person in running:
            folder = training_folder(self._site.home.run(run_id), person, training_id).root
            iteration, evaluation = latest_lines(folder / WORK)
            for line, wanted in ((iteration, _OF_ITERATIONS), (evaluation, _OF_EVALUATIONS)):
                for name in wanted:
                    if line is not None and line.get(name) is not None:
                        gauges[name].add_metric([training_id], line[name])
        yield from gauges.values()
