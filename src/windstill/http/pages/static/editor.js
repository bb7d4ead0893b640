/** Painting on mattes: strokes that follow the photo's colours, undo and redo. */

import { ELEMENTS } from './mattes.js';
import { guidedFilter } from './refine.js';

// Squared RGB distance (0 to 3) within which a pixel belongs to what the brush's middle touches,
// and from which it does not.
const ALIKE = 0.012;
const UNLIKE = 0.065;
// Part of the radius within which the brush paints whatever is there.
const CORE = 0.28;
const EPSILON = 4e-4;
const HISTORY = 60;

export class MatteEditor {
  #stroke = null;
  #undo = [];
  #redo = [];

  /** `photo`: ImageData of the photo at the mattes' size. */
  constructor(mattes, photo) {
    this.mattes = mattes;
    this.width = mattes.width;
    this.height = mattes.height;
    this.guide = [0, 1, 2].map((c) => Float32Array.from({ length: this.width * this.height }, (_, at) => photo.data[4 * at + c] / 255));
  }

  get canUndo() { return this.#undo.length > 0; }

  get canRedo() { return this.#redo.length > 0; }

  /** Starts a stroke. brush: {element, add, radius in pixels of the mattes, edges}. */
  begin(brush, x, y) {
    const { planes } = this.mattes;
    this.#stroke = {
      ...brush, x, y, box: null,
      before: { sky: planes.sky.slice(), hair: planes.hair.slice() },
      cover: new Float32Array(this.width * this.height),
    };
    return this.#paint(x, y);
  }

  /** Goes on to (x, y). Returns the box that changed. */
  move(x, y) {
    const stroke = this.#stroke;
    const length = Math.hypot(x - stroke.x, y - stroke.y);
    const count = Math.max(1, Math.ceil(length / Math.max(1, stroke.radius / 4)));
    let changed = null;
    for (let step = 1; step <= count; step += 1) {
      const part = step / count;
      changed = union(changed, this.#paint(stroke.x + (x - stroke.x) * part, stroke.y + (y - stroke.y) * part));
    }
    Object.assign(stroke, { x, y });
    return changed;
  }

  /** Ends the stroke: its border is made to follow the photo. Returns the box that changed. */
  end() {
    const stroke = this.#stroke;
    this.#stroke = null;
    const reach = Math.max(2, Math.round(stroke.radius / 5));
    const box = this.#inside(grown(stroke.box, 2 * reach));
    if (stroke.edges) this.#refine(stroke, box, reach);
    this.#apply(stroke, box);
    this.#remember(box, stroke.before);
    return box;
  }

  /** Ends the stroke as if it had not been. Returns the box that changed. */
  drop() {
    const { box, before } = this.#stroke;
    this.#stroke = null;
    for (const element of ELEMENTS) this.mattes.planes[element].set(before[element]);
    return box;
  }

  undo() { return this.#step(this.#undo, this.#redo, 'before'); }

  redo() { return this.#step(this.#redo, this.#undo, 'after'); }

  /** Back to what was found; this too can be undone. */
  reset() {
    const { planes } = this.mattes;
    const before = { sky: planes.sky.slice(), hair: planes.hair.slice() };
    this.mattes.reset();
    return this.#remember([0, 0, this.width, this.height], before);
  }

  #paint(x, y) {
    const stroke = this.#stroke;
    const box = this.#inside([Math.floor(x - stroke.radius), Math.floor(y - stroke.radius), Math.ceil(x + stroke.radius) + 1, Math.ceil(y + stroke.radius) + 1]);
    stroke.box = union(stroke.box, box);
    const colour = stroke.edges ? this.#colourAt(x, y, Math.max(1, Math.round(stroke.radius / 9))) : null;
    for (let row = box[1]; row < box[3]; row += 1) {
      for (let column = box[0]; column < box[2]; column += 1) {
        const away = Math.hypot(column - x, row - y) / stroke.radius;
        if (away >= 1) continue;
        const at = row * this.width + column;
        const likeness = colour && away > CORE ? this.#likeness(at, colour) : 1;
        stroke.cover[at] = Math.max(stroke.cover[at], likeness * Math.min(1, (1 - away) * 3));
      }
    }
    this.#apply(stroke, box);
    return box;
  }

  #likeness(at, colour) {
    let distance = 0;
    for (let c = 0; c < 3; c += 1) distance += (this.guide[c][at] - colour[c]) ** 2;
    return Math.min(1, Math.max(0, (UNLIKE - distance) / (UNLIKE - ALIKE)));
  }

  #colourAt(x, y, reach) {
    const [left, top, right, bottom] = this.#inside([Math.round(x) - reach, Math.round(y) - reach, Math.round(x) + reach + 1, Math.round(y) + reach + 1]);
    const sums = [0, 0, 0];
    const count = Math.max(1, (right - left) * (bottom - top));
    for (let row = top; row < bottom; row += 1) {
      for (let column = left; column < right; column += 1) {
        for (let c = 0; c < 3; c += 1) sums[c] += this.guide[c][row * this.width + column] / count;
      }
    }
    return sums;
  }

  #refine(stroke, [left, top, right, bottom], reach) {
    const [width, height] = [right - left, bottom - top];
    if (width < 1 || height < 1) return;
    const cut = (plane) => {
      const part = new Float32Array(width * height);
      for (let row = 0; row < height; row += 1) part.set(plane.subarray((top + row) * this.width + left, (top + row) * this.width + right), row * width);
      return part;
    };
    const soft = guidedFilter(this.guide.map(cut), cut(stroke.cover), width, height, reach, EPSILON);
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const value = (soft[row * width + column] - 0.1) / 0.8;
        stroke.cover[(top + row) * this.width + left + column] = Math.min(1, Math.max(0, value));
      }
    }
  }

  /** What one element gains the other loses: a pixel belongs to at most one. */
  #apply({ element, add, before, cover }, [left, top, right, bottom]) {
    const other = element === 'sky' ? 'hair' : 'sky';
    const { planes } = this.mattes;
    for (let row = top; row < bottom; row += 1) {
      for (let column = left; column < right; column += 1) {
        const at = row * this.width + column;
        const was = before[element][at];
        const value = add ? Math.max(was, cover[at] * 255) : Math.max(0, was - cover[at] * 255);
        planes[element][at] = value;
        planes[other][at] = add ? Math.min(before[other][at], 255 - value) : before[other][at];
      }
    }
  }

  #remember(box, before) {
    this.#undo.push({ box, before: this.#patch(box, before), after: this.#patch(box, this.mattes.planes) });
    if (this.#undo.length > HISTORY) this.#undo.shift();
    this.#redo.length = 0;
    return box;
  }

  #step(from, to, which) {
    const entry = from.pop();
    if (!entry) return null;
    to.push(entry);
    const [left, top, right, bottom] = entry.box;
    for (const element of ELEMENTS) {
      for (let row = top; row < bottom; row += 1) {
        const start = (row - top) * (right - left);
        this.mattes.planes[element].set(entry[which][element].subarray(start, start + right - left), row * this.width + left);
      }
    }
    return entry.box;
  }

  #patch([left, top, right, bottom], planes) {
    const cut = (plane) => {
      const part = new Uint8Array(Math.max(0, (right - left) * (bottom - top)));
      for (let row = top; row < bottom; row += 1) part.set(plane.subarray(row * this.width + left, row * this.width + right), (row - top) * (right - left));
      return part;
    };
    return { sky: cut(planes.sky), hair: cut(planes.hair) };
  }

  #inside([left, top, right, bottom]) {
    const within = (value, most) => Math.min(most, Math.max(0, value));
    return [within(left, this.width), within(top, this.height), within(right, this.width), within(bottom, this.height)];
  }
}

const grown = ([left, top, right, bottom], by) => [left - by, top - by, right + by, bottom + by];

function union(a, b) {
  if (!a || !b) return a ?? b;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}
