/**
 * How finely moving pictures are drawn: where the machine is too slow for them (WebGL in software), with fewer pixels,
 * so that the motion stays fluent; as soon as nothing moves any more, with all of them again.
 */

const SLOW_MS = 50; // from a picture to the next tick: below 20 a second the detail goes down
const QUICK_MS = 24; // and above 40 a second up again
const LEAST = 0.5; // of the screen's pixels, in each direction
const STEP = 0.75;
const SLOW_ENOUGH = 2; // so many pictures have to be slow one after another,
const QUICK_ENOUGH = 30; // or so many quick
const REST_MS = 250;

export class Detail {
  #onChange;
  #wanted = 1; // the share of the pixels, in each direction, while it moves
  #drawn = 1; // the share that pictures are drawn with now
  #lastTick = 0; // ms
  #lastPicture = -Infinity; // ms
  #drew = false; // in the tick before
  #slow = 0;
  #quick = 0;

  /** @param {(share: number) => void} onChange told what share of the pixels, in each direction, is to be drawn */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** One animation tick at `now` ms; `draws` says whether a picture was drawn in it. */
  tick(now, draws) {
    if (this.#drew) this.#judge(now - this.#lastTick);
    const resting = !this.#drew && now - this.#lastPicture > REST_MS; // a picture may take longer than that
    if (!draws && resting) this.#draw(1);
    if (draws && !resting) this.#draw(this.#wanted);
    if (draws) this.#lastPicture = now;
    this.#lastTick = now;
    this.#drew = draws;
  }

  /** The last picture has all its pixels and was drawn a while ago. */
  get atRest() {
    return this.#drawn === 1 && !this.#drew && this.#lastTick - this.#lastPicture > REST_MS;
  }

  #judge(passed) {
    this.#slow = passed > SLOW_MS ? this.#slow + 1 : 0;
    this.#quick = passed < QUICK_MS ? this.#quick + 1 : 0;
    if (this.#slow >= SLOW_ENOUGH) this.#aim(Math.max(LEAST, this.#wanted * STEP));
    if (this.#quick >= QUICK_ENOUGH) this.#aim(Math.min(1, this.#wanted / STEP));
  }

  #aim(share) {
    this.#slow = this.#quick = 0;
    this.#wanted = share;
  }

  #draw(share) {
    if (share === this.#drawn) return;
    this.#drawn = share;
    this.#onChange(share);
  }
}
