/**
 * The one clock that everything on the page goes by.
 *
 * It counts frames: frame i stands for the time from i/fps to (i+1)/fps. Once per animation tick there is one frame
 * index, and the video, its keypoints and every 3D pane show that one. While a video plays it leads, since the browser
 * alone knows which of its frames is on the screen; without one the clock follows the wall clock.
 *
 * Events: "frame" (another frame is to be shown), "seek" (somebody jumped there, the video has to follow) and "state"
 * (playing, speed, loop or length changed).
 */

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2];

export class Clock extends EventTarget {
  fps = 30;
  frames = 1;
  frame = 0;
  playing = false;
  speed = 1;
  loop = true;
  #position = 0; // frames, with a fraction
  #last = 0; // ms

  /** Seconds from the start of the clip to the start of the frame shown. */
  get time() {
    return this.frame / this.fps;
  }

  get lastFrame() {
    return this.frames - 1;
  }

  /** Keeps the time where the length changes. */
  setLength(frames, fps) {
    if (frames === this.frames && fps === this.fps) return;
    const time = this.time;
    Object.assign(this, { frames: Math.max(1, frames), fps });
    this.#tell("state");
    this.seekTime(time);
  }

  /** The frame that holds the time (s); a hair is added since 0.3 * 30 is a little less than 9. */
  seekTime(seconds) {
    this.seek(Math.floor(seconds * this.fps + 1e-6));
  }

  seek(frame) {
    const wanted = Math.min(Math.max(Math.round(frame), 0), this.lastFrame);
    this.#position = wanted;
    this.#show(wanted);
    this.#tell("seek");
  }

  /** Pause and go some frames on (or back), around the end where it loops. */
  step(frames) {
    this.pause();
    const wanted = this.frame + frames;
    this.seek(this.loop ? ((wanted % this.frames) + this.frames) % this.frames : wanted);
  }

  play() {
    if (this.playing || this.frames < 2) return;
    if (this.frame === this.lastFrame) this.seek(0);
    this.playing = true;
    this.#tell("state");
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.#tell("state");
    this.seek(this.frame);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  set(changes) {
    Object.assign(this, changes);
    this.#tell("state");
  }

  /** Playing came to the end: start over or stay there. */
  end() {
    if (this.loop) {
      this.seek(0);
      return;
    }
    this.#show(this.lastFrame);
    this.pause();
  }

  /**
   * One animation tick. `now` in ms; `videoFrame` is the frame that the playing video shows, null where none leads.
   */
  tick(now, videoFrame = null) {
    const elapsed = Math.min(now - this.#last, 250) / 1000;
    this.#last = now;
    if (!this.playing) return;
    if (videoFrame !== null) {
      this.#position = videoFrame;
      this.#show(Math.min(Math.max(videoFrame, 0), this.lastFrame));
      return;
    }
    this.#position += elapsed * this.fps * this.speed;
    if (this.#position >= this.frames) this.end();
    else this.#show(Math.floor(this.#position));
  }

  #show(frame) {
    if (frame === this.frame) return;
    this.frame = frame;
    this.#tell("frame");
  }

  #tell(event) {
    this.dispatchEvent(new Event(event));
  }
}
