"""The figures of a run and of its policies, whose trainings may be at work on several machines at once."""

import pytest

from core.errors import BadInputError
from core.jobs.home import new_run_id
from core.jobs.mirrored_home import MirroredHome
from core.run_figures import policy_figures, read_figures
from core.run_folder import RunFolder, write_json


def test_two_machines_and_the_run_itself_write_figures_at_once_and_none_is_lost(tmp_path):
    one, other, third = (MirroredHome.at(tmp_path / name, f"file://{tmp_path}/store") for name in ("1", "2", "3"))
    run, ids = new_run_id(), [new_run_id(), new_run_id()]
    one.run(run).root.mkdir(parents=True)
    write_json(one.run(run).metrics, {"0": {"motion": {"jitter": 1.0}}})
    one.push(run)
    other.pull(run)
    third.pull(run)
    for home, training in zip((one, other), ids, strict=True):
        write_json(policy_figures(home.run(run).person(0), f"policy-{training}"), {"return": 0.5})
    write_json(third.run(run).metrics, {"0": {"motion": {"jitter": 2.0}}})
    one.push(run, ids[0])
    other.push(run, ids[1])
    third.push(run)
    for home in (one, other, third):
        home.pull(run)
        figures = read_figures(home.run(run))["0"]
        assert figures == {"motion": {"jitter": 2.0}} | {f"policy-{each}": {"return": 0.5} for each in ids}


def test_a_policy_in_the_records_of_an_earlier_version_is_told_while_it_is_there(tmp_path):
    run = RunFolder(tmp_path)
    assert read_figures(run) == {}
    write_json(run.metrics, {"1": {"hmr": {"jitter": 1.0}, "policy-1": {"return": 0.25}}})
    assert read_figures(run) == {"1": {"hmr": {"jitter": 1.0}}}
    performed = run.person(1) / "rollouts" / "policy-1.npz"
    performed.parent.mkdir(parents=True)
    performed.touch()
    assert read_figures(run)["1"]["policy-1"] == {"return": 0.25}
    write_json(policy_figures(run.person(1), "policy-1"), {"return": 0.5})
    assert read_figures(run)["1"]["policy-1"] == {"return": 0.5}


@pytest.mark.parametrize("content", ["[]", "{"])
def test_a_file_that_is_none_is_named(tmp_path, content):
    path = policy_figures(tmp_path / "person-0", "policy-1")
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(BadInputError, match=r"policy-1\.json"):
        read_figures(RunFolder(tmp_path))
