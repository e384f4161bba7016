/**
 * The one clock that everything on the page goes by.
 *
 * It counts frames: frame i stands for the time from i/fps to (i+1)/fps. Once per animation tick there is one frame
 * index, and the video, its keypoints and every 3D pane show that one. While a video plays it leads, since the browser
 * alone knows which of its frames is on the screen; without one the clock follows the wall clock.
 *
 * Events: "frame" (another frame is to be shown), "seek" (somebody jumped there, the video has to follow) and "state"
 * (playing, speed, loop, its range or the length changed).
 */

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2];

export class Clock extends EventTarget {
  fps = 30;
  frames = 1;
  frame = 0;
  playing = false;
  speed = 1;
  loop = true;
  range = null; // [first, last] frame of what is played, or null for all of it
  #position = 0; // frames, with a fraction
  #last = 0; // ms

  /** Seconds from the start of the clip to the start of the frame shown. */
  get time() {
    return this.frame / this.fps;
  }

  get lastFrame() {
    return this.frames - 1;
  }

  /** First and last frame of what is played. */
  get span() {
    return this.range ?? [0, this.lastFrame];
  }

  /** Play these frames alone, or everything: where there are fewer than two of them, or all are meant. */
  setRange(first, last) {
    const within = (frame) => Math.min(Math.max(Math.round(frame), 0), this.lastFrame);
    const [a, b] = [within(first), within(last)];
    this.range = b - a < 1 || b - a >= this.lastFrame ? null : [a, b];
    this.#tell("state");
  }

  /** Keeps the time where the length changes. */
  setLength(frames, fps) {
    if (frames === this.frames && fps === this.fps) return;
    const time = this.time;
    Object.assign(this, { frames: Math.max(1, frames), fps, range: null });
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
    const [first, last] = this.#holds(this.frame) ? this.span : [0, this.lastFrame];
    const length = last - first + 1;
    const wanted = this.frame + frames - first;
    this.seek(this.loop ? first + (((wanted % length) + length) % length) : first + wanted);
  }

  play() {
    if (this.playing || this.frames < 2) return;
    const [first, last] = this.span;
    if (!this.#holds(this.frame) || this.frame === last) this.seek(first);
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
    const [first, last] = this.span;
    if (this.loop) {
      this.seek(first);
      return;
    }
    this.#show(last);
    this.pause();
  }

  #holds(frame) {
    const [first, last] = this.span;
    return frame >= first && frame <= last;
  }

  /**
   * One animation tick. `now` in ms; `videoFrame` is the frame that the playing video shows, null where none leads.
   */
  tick(now, videoFrame = null) {
    const elapsed = Math.min(now - this.#last, 250) / 1000;
    this.#last = now;
    if (!this.playing) return;
    if (videoFrame !== null) {
      if (this.range && videoFrame > this.range[1]) {
        this.end();
        return;
      }
      this.#position = videoFrame;
      this.#show(Math.min(Math.max(videoFrame, 0), this.lastFrame));
      return;
    }
    this.#position += elapsed * this.fps * this.speed;
    if (this.#position >= this.span[1] + 1) this.end();
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
