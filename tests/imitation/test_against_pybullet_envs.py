"""State and reward beside the environment that DeepMimic's PyBullet checkpoints were made with."""

import numpy as np
import pytest

from benchmarks.pybullet_envs_deep_mimic import deep_mimic_environment, policy_step
from core.humanoid.character import JOINTS
from core.imitation import rewards_of_code
from core.imitation.observations import LINK_FEATURES, deepmimic_state
from core.imitation.reference import Kinematics


@pytest.fixture(scope="module")
def theirs():
    """Their environment after some steps, doing badly: nothing is zero or one."""
    np.random.seed(0)
    environment = deep_mimic_environment()
    environment._humanoid.setSimTime(0.4)
    environment.t = 0.4
    environment._humanoid.resetPose()
    for _ in range(6):
        policy_step(environment, [0.1] * 36)
    return environment


def looked_at(client, model) -> Kinematics:
    joints = client.getJointStatesMultiDof(model, [j.body for j in JOINTS])
    position, rotation = client.getBasePositionAndOrientation(model)
    linear, angular = client.getBaseVelocity(model)
    frame, speeds = [*position, *np.roll(rotation, 1)], [*linear, *angular]
    for joint in joints:
        frame += [*np.roll(joint[0], 1)] if len(joint[0]) == 4 else [*joint[0]]
        speeds += [*joint[1]]
    links = client.getLinkStates(model, range(15), computeLinkVelocity=True, computeForwardKinematics=True)
    return Kinematics(
        np.array([frame]),
        np.array([speeds]),
        np.array([[link[0] for link in links]]),
        np.array([[np.roll(link[1], 1) for link in links]]),
        np.array([[link[6] for link in links]]),
        np.array([[link[7] for link in links]]),
    )


def test_the_state_is_theirs(theirs):
    humanoid = theirs._humanoid
    now = looked_at(humanoid._pybullet_client, humanoid._sim_model)
    wanted = np.array(humanoid.getState())
    assert len(wanted) == LINK_FEATURES + 1
    ours = deepmimic_state(now, wanted[:1])[0]
    assert np.abs(ours - wanted).max() < 1e-5
    assert np.abs(wanted[2:]).max() > 0.5


def test_the_reward_is_theirs(theirs):
    humanoid = theirs._humanoid
    client = humanoid._pybullet_client
    pose = humanoid.computePose(humanoid._frameFraction)
    humanoid.initializePose(humanoid._poseInterpolator, humanoid._kin_model, initBase=True)
    wanted = humanoid.getReward(pose)
    now = looked_at(client, humanoid._sim_model)
    reference = looked_at(client, humanoid._kin_model)
    root = [*humanoid._poseInterpolator._baseLinVel, *humanoid._poseInterpolator._baseAngVel]
    reference.velocities[0, :6] = root[:6]
    terms = rewards_of_code.imitation_terms(now, reference, with_centre_of_mass=False)
    assert terms.sum() == pytest.approx(wanted, rel=1e-3)
    assert 0.01 < wanted < 0.99
