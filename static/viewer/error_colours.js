/** Colours on a skinned body for how far each of its joints is from another body's, blended by the skin's weights. */

import { Color } from "three";

export const FULL_M = 0.2; // from here on the colour does not change any more
const RAMP = ["#f3efe6", "#f2a03d", "#a3123f"]; // none, half, full; the page's style draws the same scale

/**
 * Let a material show errors. Returns the uniforms: set `jointError.value[i]` (m, in the order of the skeleton's bones) and
 * `errorShown.value` (0 or 1).
 */
export function takeErrors(material, bones) {
  const uniforms = {
    jointError: { value: new Float32Array(bones) },
    errorShown: { value: 0 },
    errorRamp: { value: RAMP.map((colour) => new Color(colour)) },
  };
  material.onBeforeCompile = (shader) => {
    Object.assign(shader.uniforms, uniforms);
    shader.vertexShader = shader.vertexShader
      .replace("#include <common>", `#include <common>\nuniform float jointError[${bones}];\nvarying float vError;`)
      .replace("#include <begin_vertex>", `#include <begin_vertex>\n${BLEND}`);
    shader.fragmentShader = shader.fragmentShader
      .replace("#include <common>", `#include <common>\nuniform vec3 errorRamp[3];\nuniform float errorShown;\nvarying float vError;`)
      .replace("#include <color_fragment>", `#include <color_fragment>\n${PAINT}`);
  };
  material.customProgramCacheKey = () => `errors of ${bones}`;
  return uniforms;
}

const BLEND = `
  vError = 0.0;
  #ifdef USE_SKINNING
    vError = skinWeight.x * jointError[int(skinIndex.x)] + skinWeight.y * jointError[int(skinIndex.y)]
           + skinWeight.z * jointError[int(skinIndex.z)] + skinWeight.w * jointError[int(skinIndex.w)];
  #endif`;

const PAINT = `
  float howFar = clamp(vError / ${FULL_M.toFixed(2)}, 0.0, 1.0) * 2.0;
  vec3 painted = howFar < 1.0 ? mix(errorRamp[0], errorRamp[1], howFar) : mix(errorRamp[1], errorRamp[2], howFar - 1.0);
  diffuseColor.rgb = mix(diffuseColor.rgb, painted, errorShown * 0.92);`;

/**
 * How far each joint of `actor` is from the same joint of `reference`, with the pelvis of both laid upon each other.
 * @returns {{name: string, metres: number}[]} in the order of the actor's bones; 0 m where the other has no such joint
 */
export function jointErrors(actor, reference) {
  const bones = actor.boneNames;
  const [root, otherRoot] = [actor.joint(bones[0]), reference.joint(bones[0])];
  if (!root || !otherRoot) return [];
  return bones.map((name) => {
    const there = reference.joint(name);
    return { name, metres: there ? actor.joint(name).sub(root).distanceTo(there.sub(otherRoot)) : 0 };
  });
}

/** "mean 4.0 cm, left wrist 12 cm": the same in words, with the worst joint. */
export function errorWords(errors) {
  if (!errors.length) return "";
  const mean = errors.reduce((sum, { metres }) => sum + metres, 0) / errors.length;
  const worst = errors.reduce((a, b) => (b.metres > a.metres ? b : a));
  const cm = (metres) => `${(100 * metres).toFixed(metres < 0.1 ? 1 : 0)} cm`;
  return `mean ${cm(mean)}, ${worst.name.replaceAll("_", " ")} ${cm(worst.metres)}`;
}
