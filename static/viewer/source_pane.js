/** The pane with the clip itself and the person's keypoints drawn over it. */

import { choice, element } from "./dom.js";
import { drawKeypoints } from "./keypoints.js";
import { Sightings } from "./sightings.js";

const LONGEST_HOLD_MS = 500;

export class SourcePane {
  name = "source";
  #clock;
  #video;
  #overlay;
  #message;
  #track = null;
  #trackUrl = "";
  #showKeypoints = true;
  #leads = false; // the video plays and tells the clock which frame is on the screen
  #stopping = false; // it played just now and is on its way to the clock's frame
  #presented = 0; // the frame of `#picture`
  #picture = document.createElement("canvas");
  #pictured = false; // whether it is of a frame since the last seek
  #sought = 0; // ms, when that was
  #onChange = () => {};
  #sightings; // before there is a track

  /** @param {(name: string) => void} onWanted told when something else shall be shown here */
  constructor(clock, onWanted) {
    this.#clock = clock;
    this.select = choice("Shown in this pane", [], onWanted, { hiddenLabel: true });
    this.#video = element("video", { muted: true, playsInline: true, preload: "auto", disableRemotePlayback: true });
    this.#video.setAttribute("aria-label", "The source video");
    this.#overlay = element("canvas", { className: "overlay", "aria-hidden": "true" });
    this.#message = element("p", { className: "message", role: "status" }, "The clip is being prepared");
    this.viewport = element("div", { className: "viewport film" }, this.#video, this.#overlay, this.#message);
    this.root = element(
      "section",
      { className: "pane", dataset: { kind: "source" }, "aria-label": "Source video" },
      element("header", { className: "pane-head" }, this.select),
      this.viewport,
    );
    this.#sightings = new Sightings(clock, () => this.#onChange());
    clock.addEventListener("seek", () => this.#seek());
    clock.addEventListener("state", () => this.#follow());
    this.#video.addEventListener("seeked", () => this.#afterSeek());
    this.#video.addEventListener("loadeddata", () => this.#seek());
    this.#video.addEventListener("ended", () => clock.playing && clock.end());
    this.#video.addEventListener("error", () => this.#fail());
    this.#watchFrames();
  }

  /** Take the clip and the track as the run has them by now; the same address is not loaded twice. */
  update({ run, videoUrl, trackUrl, onChange }) {
    this.#onChange = onChange;
    this.#sightings.update(run);
    if (!videoUrl && this.#video.src) {
      this.#video.removeAttribute("src"); // the footage was deleted
      this.#video.load();
      this.#message.hidden = false;
    }
    if (videoUrl && this.#video.src !== videoUrl) {
      this.#video.src = videoUrl;
      this.#message.hidden = true;
    }
    if (trackUrl === this.#trackUrl) return;
    this.#trackUrl = trackUrl;
    this.#track = null;
    if (!trackUrl) return;
    fetch(trackUrl)
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`the server answered ${answer.status}`))))
      .then((track) => {
        if (trackUrl === this.#trackUrl) this.#track = track;
        onChange();
      })
      .catch((error) => console.warn(`The keypoints could not be read: ${error.message}`));
  }

  fill(options) {
    this.select.fill(options, "source");
  }

  /** It is among the panes again: show the clock's frame, and play along where it plays. */
  enter() {
    this.#seek();
  }

  /** It is not among the panes any more: the wall clock leads. */
  leave() {
    this.#leads = false;
    this.#video.pause();
    this.root.remove();
  }

  set keypoints(shown) {
    this.#showKeypoints = shown;
  }

  /** Says why there is no picture; `beside`: at the edge, out of the way of keypoints. */
  say(text, { beside = false } = {}) {
    if (this.#video.src) return;
    this.#message.textContent = text;
    this.#message.classList.toggle("beside", beside);
  }

  get message() {
    return this.#message.hidden ? "" : this.#message.textContent;
  }

  /** True where the picture of the clock's frame is on the screen, or none can come. */
  get settled() {
    const video = this.#video;
    if (!video.src || video.error) return true;
    const there = this.#clock.playing || Math.abs(video.currentTime - this.#target) * this.#clock.fps < 0.5;
    return video.readyState >= 2 && !video.seeking && there;
  }

  /** The frame whose picture is shown while the video plays and leads the clock, else null. */
  get leadingFrame() {
    if (!this.#leads) return null;
    return this.#video.seeking ? this.#clock.frame : this.#presented;
  }

  /** True for the moment in which the playing video has jumped and its picture is not there yet: nobody goes ahead of it. */
  get holding() {
    return this.#leads && !this.#pictured && performance.now() - this.#sought < LONGEST_HOLD_MS;
  }

  /**
   * Draw the keypoints of the clock's frame, and under them, while the video plays, its picture: the browser shows the
   * video itself when it likes, but this at the same moment as the bodies.
   */
  render() {
    const { width, height } = this.viewport.getBoundingClientRect();
    const ratio = Math.min(devicePixelRatio, 2);
    const canvas = this.#overlay;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const context = canvas.getContext("2d");
    // Until the frame that was sought has come the last picture stays.
    if (this.#leads ? !this.#pictured : this.#stopping && this.#video.seeking) return;
    context.clearRect(0, 0, w, h);
    if (this.#leads) context.drawImage(this.#picture, 0, 0);
    const frame = this.#track?.keypoints[this.#clock.frame];
    if (!this.#showKeypoints) return;
    if (frame) drawKeypoints(context, frame, this.#track, ratio);
    else if (!this.#track) this.#sightings.draw(context, this.#clock.frame, ratio);
  }

  /** What is on the screen: the video itself, or the canvas that it is drawn on while it plays. */
  get screen() {
    return this.#leads || this.#stopping ? this.#overlay : this.#video;
  }

  /** The middle of the clock's frame (s), where no rounding can lead to a neighbour. */
  get #target() {
    return Math.min((this.#clock.frame + 0.5) / this.#clock.fps, this.#video.duration || Infinity);
  }

  #seek() {
    const video = this.#video;
    if (video.readyState < 1 || video.seeking) return; // what is wanted by then is asked for after that seek
    video.currentTime = this.#target;
    this.#presented = this.#clock.frame;
    this.#pictured = false;
    this.#sought = performance.now();
  }

  #afterSeek() {
    const off = (this.#video.currentTime - this.#target) * this.#clock.fps;
    if (Math.abs(off) > 0.5 && !this.#leads) this.#seek();
    else this.#stopping = false;
    this.#onChange();
    this.#follow();
  }

  /** Let the video play, pause and run at the speed of the clock. */
  #follow() {
    const video = this.#video;
    video.playbackRate = this.#clock.speed;
    if (!this.#clock.playing) {
      this.#stopping ||= this.#leads;
      this.#leads = false;
      video.pause();
    } else if (video.readyState >= 2 && !video.error && this.root.isConnected && video.paused) {
      this.#leads = true;
      video.play().catch(() => {
        this.#leads = false; // the browser refuses: the wall clock leads
      });
    }
  }

  #watchFrames() {
    const video = this.#video;
    const take = (frame) => {
      if (video.seeking || !this.#leads) return;
      const { width, height } = this.#overlay;
      Object.assign(this.#picture, { width, height });
      this.#presented = drawPicture(this.#picture.getContext("2d"), video, this.#clock.fps) ?? frame;
      this.#pictured = true;
    };
    if ("requestVideoFrameCallback" in video) {
      const next = (_, shown) => {
        take(Math.round(shown.mediaTime * this.#clock.fps));
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
    } else {
      video.addEventListener("timeupdate", () => take(Math.floor(video.currentTime * this.#clock.fps + 1e-3)));
    }
  }

  #fail() {
    this.#leads = false;
    this.#message.hidden = false;
    this.#message.textContent = "The clip could not be played by this browser.";
  }
}

/**
 * Draw what a video shows now over a whole canvas as object-fit: contain does; returns the frame that it is, or null where
 * the browser does not say. On a busy machine that is a later one than the last that was announced.
 */
function drawPicture(context, video, fps) {
  const { width, height } = context.canvas;
  const scale = Math.min(width / video.videoWidth, height / video.videoHeight);
  const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
  const place = [(width - w) / 2, (height - h) / 2, w, h];
  const picture = pictureOf(video);
  context.drawImage(picture ?? video, ...place);
  if (!picture) return null;
  const frame = Math.round((picture.timestamp / 1e6) * fps);
  picture.close();
  return frame;
}

/** The picture that a video shows, which knows its time; null where the browser has no such thing. */
function pictureOf(video) {
  try {
    return new VideoFrame(video);
  } catch {
    return null;
  }
}
