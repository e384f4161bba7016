/** A motion on the stage: a skinned, animated GLB that is always shown at an exact time. */

import { AnimationMixer, Color, LessEqualDepth, LoopOnce, MeshStandardMaterial, PropertyBinding, Sphere, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { clone } from "three/addons/utils/SkeletonUtils.js";
import { takeErrors } from "./error_colours.js";

const loaded = new Map(); // address -> promise of the glTF; every pane and ghost clones from it

/** Load a GLB once; one that failed may be asked for again. */
export function loadMotion(url) {
  if (!loaded.has(url)) {
    const promise = new GLTFLoader().loadAsync(url);
    promise.catch(() => loaded.delete(url));
    loaded.set(url, promise);
  }
  return loaded.get(url);
}

export class Actor {
  /**
   * @param {object} gltf what `loadMotion` gave
   * @param {{colour: number, ghost?: boolean, offset?: number, painted?: boolean}} look sRGB colour for a body that has
   *   none, unless it is `painted` already; a ghost is see-through and casts no shadow; `offset` is the motion's start in
   *   seconds of the clip
   */
  constructor(gltf, { colour, ghost = false, offset = 0, painted = false }) {
    this.root = clone(gltf.scene);
    this.offset = offset;
    this.duration = gltf.animations[0]?.duration ?? 0;
    this.#mixer = new AnimationMixer(this.root);
    if (gltf.animations.length) {
      this.#action = this.#mixer.clipAction(gltf.animations[0]);
      this.#action.setLoop(LoopOnce, 1); // a looping action would show its first frame at its very end
      this.#action.clampWhenFinished = true;
      this.#action.play();
    }
    const meshes = [];
    this.root.traverse((node) => node.isMesh && meshes.push(node));
    for (const mesh of meshes) {
      mesh.frustumCulled = false; // the bounds of the rest pose say nothing about where the body is
      if (mesh.isSkinnedMesh) mesh.boundingSphere = new Sphere(new Vector3(), 1); // or every vertex would be skinned for it
      if (ghost) makeGhost(mesh, colour);
      else dress(mesh, painted ? null : colour);
      if (!ghost && mesh.isSkinnedMesh) {
        this.boneNames = mesh.skeleton.bones.map(({ name }) => name);
        this.#errors = takeErrors(mesh.material, this.boneNames.length);
      }
    }
    this.#parts = [];
    this.root.traverse((node) => node.isBone && this.#parts.push(node));
    if (!this.#parts.length) this.#parts = meshes;
    this.showAt(0);
  }

  boneNames = []; // of a skinned body, the root first
  #mixer;
  #action = null;
  #parts;
  #errors = null; // the uniforms of its material

  /** Take the pose at `time` seconds of the clip; before and after the motion it rests in its first or last pose. */
  showAt(time) {
    if (!this.#action) return;
    this.#action.paused = false; // it pauses itself at its end
    this.#mixer.setTime(Math.min(Math.max(time - this.offset, 0), this.duration));
  }

  /** A joint's place (m, y up) in the motion's own world at the time shown, or null where the name is unknown. */
  joint(name) {
    const part = this.root.getObjectByName(PropertyBinding.sanitizeNodeName(name));
    return part ? this.#placeOf(part) : null;
  }

  /** The places of all joints (or parts) at the time shown, the root first. */
  joints() {
    return this.#parts.map((part) => this.#placeOf(part));
  }

  /** Colour the body by errors [{metres}] in the order of `boneNames`; none: its own colours. */
  showErrors(errors) {
    if (!this.#errors) return;
    this.#errors.errorShown.value = errors.length ? 1 : 0;
    errors.forEach(({ metres }, i) => (this.#errors.jointError.value[i] = metres));
  }

  dispose() {
    this.#mixer.uncacheRoot(this.root);
    this.root.removeFromParent();
    this.root.traverse((node) => {
      node.skeleton?.dispose();
      node.material?.dispose?.();
    });
  }

  #placeOf(part) {
    part.updateWorldMatrix(true, false);
    const place = new Vector3().setFromMatrixPosition(part.matrixWorld);
    return this.root.parent ? this.root.parent.worldToLocal(place) : place;
  }
}

/** A body that comes with colours of its own keeps them; a plain one is painted in the motion's colour, if there is one. */
function dress(mesh, colour) {
  mesh.castShadow = true;
  mesh.receiveShadow = true;
  mesh.material = mesh.material.clone();
  if (colour !== null && !mesh.material.map && !mesh.geometry.hasAttribute("color")) mesh.material.color.set(colour);
}

/** Clear where one looks straight at it and denser towards its edges, so that the other body is seen through it. */
const GLASS = `
  float facing = abs(dot(normalize(normal), normalize(vViewPosition)));
  diffuseColor.a *= mix(1.0, 0.3, facing * facing);
  #include <opaque_fragment>`;

/** First only the depth, then the colour: so the back of the body does not shine through its front. */
function makeGhost(mesh, colour) {
  const depth = mesh.clone(false);
  depth.material = new MeshStandardMaterial({ colorWrite: false, transparent: true });
  depth.renderOrder = 1;
  depth.frustumCulled = false;
  mesh.parent.add(depth);
  mesh.material = new MeshStandardMaterial({
    color: new Color(colour),
    emissive: new Color(colour),
    emissiveIntensity: 0.25,
    roughness: 0.9,
    transparent: true,
    opacity: 0.75,
    depthWrite: false,
    depthFunc: LessEqualDepth,
  });
  mesh.material.onBeforeCompile = (shader) => {
    shader.fragmentShader = shader.fragmentShader.replace("#include <opaque_fragment>", GLASS);
  };
  mesh.renderOrder = 2;
}
