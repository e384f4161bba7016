/** One pane's scene: light, a ground that fades into the page, and the actors on it. */

import {
  BoxGeometry,
  Color,
  DirectionalLight,
  Group,
  HemisphereLight,
  Mesh,
  MeshStandardMaterial,
  PlaneGeometry,
  Scene,
  ShaderMaterial,
  ShadowMaterial,
  Vector3,
} from "three";

const GROUND_RADIUS = 7; // m around the middle of the view
const SUPPORT = new MeshStandardMaterial({ color: 0x9aa0a8, roughness: 0.9, transparent: true, opacity: 0.8 });
const KEY_LIGHT = new Vector3(-2.2, 5, 3);

export class Studio {
  scene = new Scene();
  stage = new Group(); // holds the motion's own world; it moves so that the person followed stays in the middle
  #key = new DirectionalLight(0xfff4e6, 2.3);
  #rim = new DirectionalLight(0xd4e4ff, 1.5);
  #sky = new HemisphereLight(0xf4f7ff, 0xb5a894, 1.9);
  #shadow = new ShadowMaterial({ opacity: 0.3 });
  #ground = groundMaterial();
  #supports = new Group();
  #boxes = ""; // what they are now

  constructor() {
    const plane = new PlaneGeometry(200, 200).rotateX(-Math.PI / 2);
    const ground = new Mesh(plane, this.#ground);
    ground.renderOrder = -2;
    const shadow = new Mesh(plane, this.#shadow);
    shadow.position.y = 0.002;
    shadow.renderOrder = -1;
    shadow.receiveShadow = true;
    this.#key.castShadow = true;
    this.#key.shadow.mapSize.set(1024, 1024);
    this.#key.shadow.radius = 5;
    this.#key.shadow.bias = -0.0004;
    this.#key.shadow.normalBias = 0.02;
    Object.assign(this.#key.shadow.camera, { left: -1.8, right: 1.8, top: 2.2, bottom: -1.8, near: 0.5, far: 14 });
    this.#rim.position.set(2.5, 3, -4);
    this.scene.add(this.#sky, this.#key, this.#key.target, this.#rim, this.stage);
    this.stage.add(ground, shadow, this.#supports);
  }

  /** The boxes that people stand on, each [min x, y, z, max x, y, z] in m of the motion's world. */
  support(boxes) {
    const key = JSON.stringify(boxes);
    if (key === this.#boxes) return;
    this.#boxes = key;
    this.#supports.children.forEach((box) => box.geometry.dispose());
    this.#supports.clear();
    for (const [x0, y0, z0, x1, y1, z1] of boxes) {
      const box = new Mesh(new BoxGeometry(x1 - x0, y1 - y0, z1 - z0), SUPPORT);
      box.position.set((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2);
      box.receiveShadow = box.castShadow = true;
      this.#supports.add(box);
    }
  }

  /** Colours from the style sheet ("rgb(…)") and the strength of the shadow in [0, 1]. */
  paint({ line, floor, shadow }) {
    this.#ground.uniforms.line.value.set(line);
    this.#ground.uniforms.floor.value.set(floor);
    this.#shadow.opacity = shadow;
  }

  /** Keep the light on the person (place on the ground in the scene) so that the shadow is sharp wherever they go. */
  lightAt(place) {
    this.#key.target.position.set(place.x, 0.8, place.z);
    this.#key.position.copy(this.#key.target.position).add(KEY_LIGHT);
  }

  /** Where the ground fades around, in the scene. */
  centreAt(point) {
    this.#ground.uniforms.centre.value.copy(point);
  }
}

/** Grid lines of one pixel at every metre and, fainter, every quarter; both fade with distance and before they flicker. */
function groundMaterial() {
  return new ShaderMaterial({
    transparent: true,
    depthWrite: false,
    uniforms: {
      line: { value: new Color() },
      floor: { value: new Color() },
      centre: { value: new Vector3() },
      radius: { value: GROUND_RADIUS },
    },
    vertexShader: `
      varying vec2 onGround;
      varying vec3 inScene;
      void main() {
        onGround = position.xz;
        inScene = (modelMatrix * vec4(position, 1.0)).xyz;
        gl_Position = projectionMatrix * viewMatrix * vec4(inScene, 1.0);
      }`,
    fragmentShader: `
      uniform vec3 line, floor, centre;
      uniform float radius;
      varying vec2 onGround;
      varying vec3 inScene;
      float grid(vec2 p, float width) {
        vec2 pixel = fwidth(p);
        vec2 nearest = abs(fract(p - 0.5) - 0.5) / pixel;
        float drawn = 1.0 - clamp(min(nearest.x, nearest.y) - width + 0.5, 0.0, 1.0);
        return drawn * (1.0 - smoothstep(0.12, 0.4, max(pixel.x, pixel.y)));
      }
      void main() {
        float away = length(inScene.xz - centre.xz) / radius;
        float light = 1.0 - smoothstep(0.0, 1.0, away);
        float lines = max(grid(onGround, 0.7) * 0.75, grid(onGround * 4.0, 0.5) * 0.22);
        float glow = 0.8 * light * light;
        float alpha = light * lines + (1.0 - light * lines) * glow;
        gl_FragColor = vec4(mix(floor, line, light * lines / max(alpha, 1e-4)), alpha);
        #include <colorspace_fragment>
      }`,
  });
}
