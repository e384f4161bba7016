/** Draws every 3D pane with one WebGL renderer: a canvas over all panes, one scissor rectangle per pane. */

import { NeutralToneMapping, PCFShadowMap, WebGLRenderer } from "three";
import { element } from "./dom.js";

export class Theatre {
  #renderer;
  #canvas;
  #container;
  #share = 1;

  /** @returns {Theatre|null} null where the browser has no WebGL */
  static open(container, onLost) {
    try {
      return new Theatre(container, onLost);
    } catch (error) {
      console.warn(`No WebGL: ${error.message}`);
      return null;
    }
  }

  constructor(container, onLost) {
    this.#container = container;
    this.#canvas = element("canvas", { className: "theatre", "aria-hidden": "true" });
    this.#renderer = new WebGLRenderer({ canvas: this.#canvas, antialias: true, alpha: true });
    this.#renderer.setClearColor(0x000000, 0); // the pane's own background shows through
    this.#renderer.shadowMap.enabled = true;
    this.#renderer.shadowMap.type = PCFShadowMap;
    this.#renderer.toneMapping = NeutralToneMapping;
    this.#renderer.setScissorTest(true);
    this.#renderer.debug.checkShaderErrors = false; // asking for them waits for the compiler
    this.#canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      onLost(true);
    });
    this.#canvas.addEventListener("webglcontextrestored", () => onLost(false));
    container.append(this.#canvas);
  }

  /**
   * @param {MotionPane[]} panes @param {PerspectiveCamera} camera shared by all
   * @param {{viewport: HTMLElement, stage: FilmStage}|null} film the body over the video, where it is wanted
   */
  render(panes, camera, film = null) {
    const { width, height } = this.#container.getBoundingClientRect();
    this.#fit(Math.round(width), Math.round(height));
    this.#renderer.setScissor(0, 0, width, height);
    this.#renderer.setViewport(0, 0, width, height);
    this.#renderer.clear();
    for (const pane of panes) {
      const place = this.#placeOf(pane.viewport);
      if (!place) continue;
      const [left, bottom, wide, high] = place;
      camera.aspect = wide / high;
      camera.updateProjectionMatrix();
      this.#renderer.setViewport(...place);
      for (const { from, to } of pane.halves()) {
        this.#renderer.setScissor(left + from * wide, bottom, (to - from) * wide, high);
        this.#renderer.render(pane.studio.scene, camera);
      }
    }
    const screen = film?.stage.ready && this.#placeOf(film.viewport);
    if (!screen) return;
    const place = film.stage.placeIn(screen);
    this.#renderer.setViewport(...place);
    this.#renderer.setScissor(...place);
    this.#renderer.render(film.stage.scene, film.stage.camera);
  }

  /** [left, bottom, width, height] px of an element on the canvas, null where there is nothing to see of it. */
  #placeOf(element) {
    const { left, top, height } = this.#container.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return null;
    return [box.left - left, height - (box.bottom - top), box.width, box.height];
  }

  /** Draw this share of the screen's pixels in each direction, from the next picture on. */
  drawAt(share) {
    this.#share = share;
  }

  #fit(width, height) {
    const ratio = Math.min(devicePixelRatio, 2) * this.#share;
    const { width: w, height: h } = this.#canvas;
    if (w === Math.floor(width * ratio) && h === Math.floor(height * ratio)) return;
    this.#renderer.setPixelRatio(ratio);
    this.#renderer.setSize(width, height, false);
  }
}
