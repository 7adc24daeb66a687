// The viewer of one image: what Python sends (viewer.py) -> a picture that windows, zooms and tells values by itself.
// Shades are computed as dicompix.pixels.transforms computes them, operation by operation, so that they are equal.

/** Return 0 to 1 across a window: LINEAR, below a width of 1 LINEAR_EXACT (PS3.3 C.11.2.1.2.1, C.11.2.1.3.2). */
export function ramp(x, center, width) {
  let [c, w] = [center, width];
  if (w >= 1) [c, w] = [c - 0.5, w - 1];
  if (w === 0) return x > c ? 1 : 0;
  const p = (x - c) / w + 0.5;
  return p < 0 ? 0 : p > 1 ? 1 : p;
}

/** Return the 8-bit level of a value of interest, 0 to 1: Presentation LUT, then floor(255 p + 0.5), NaN as 0. */
export function level(p, inverse, levels) {
  if (levels) p = levels[Math.floor((Number.isNaN(p) ? 0 : p) * (levels.length - 1) + 0.5)];
  else if (inverse) p = 1 - p;
  return Number.isNaN(p) ? 0 : Math.floor(p * 255 + 0.5);
}

/** Return the shades of all entries for a window; those that no window changes keep what Python sent. */
export function windowed(content, shades, [center, width]) {
  const { values, fixed, inverse, levels } = content;
  const channels = shades.length / values.length;
  const result = shades.slice();
  for (let i = 0; i < values.length; i++) {
    if (fixed && fixed[i]) continue;
    const gray = level(ramp(values[i], center, width), inverse, levels);
    for (let k = 0; k < channels; k++) result[i * channels + k] = gray;
  }
  return result;
}

/** Return the pixels (RGBA, little endian) of shades, inverted or under an overlay where that is asked for, in `target`. */
export function painted(content, shades, { invert, overlays }, target = new Uint32Array(content.pixels)) {
  const { stored, first, fixed, entries, pixels, overlay } = content;
  const colors = first === null ? target : new Uint32Array(entries);
  const channels = shades.length / entries;
  for (let i = 0; i < entries; i++) {
    const at = i * channels;
    const color = channels === 1 ? shades[i] * 0x010101 : (shades[at + 2] << 16) | (shades[at + 1] << 8) | shades[at];
    const flip = invert && !(fixed && fixed[i]) ? 0xffffff : 0;
    colors[i] = 0xff000000 | (color ^ flip);
  }
  if (first !== null) for (let i = 0; i < pixels; i++) target[i] = colors[stored[i] - first];
  if (overlays && overlay) for (let i = 0; i < pixels; i++) if (bit(overlay, i)) target[i] = 0xffffffff;
  return target;
}

/** Return a pixel's bit of a mask, the lowest of a byte first. */
const bit = (mask, i) => (mask[i >> 3] >> (i & 7)) & 1;

const ARRAYS = {
  uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array,
  uint32: Uint32Array, int32: Int32Array, float32: Float32Array, float64: Float64Array,
};

/** Return bytes from Python as an array of their own, aligned; null where there are none. */
function array(view, type) {
  if (!view) return null;
  const buffer = view.buffer ?? view;
  const start = view.byteOffset ?? 0;
  return new ARRAYS[type](buffer.slice(start, start + view.byteLength));
}

/** Return what Python sent of a frame with its binary parts as arrays. */
export function unpacked(sent) {
  const stored = array(sent.stored, sent.type);
  if (!stored) return { ...sent, stored: null };
  const [rows, columns] = sent.size;
  const samples = sent.samples.length || 1;
  const shades = array(sent.shades, "uint8");
  const pixels = rows * columns;
  const entries = sent.first === null ? pixels : array(sent.values, "float64")?.length ?? shades.length / 3;
  return {
    ...sent, rows, columns, stored, shades, pixels, entries, channels: samples,
    values: array(sent.values, "float64"),
    physical: array(sent.physical, "float64"),
    fixed: array(sent.fixed, "uint8"),
    levels: array(sent.levels, "float64"),
    overlay: array(sent.overlay, "uint8"),
    missing: array(sent.missing, "uint8"),
  };
}

/** Return what is read at a pixel: stored samples, then the modality value or the palette's colour. */
export function reading(content, row, column) {
  const { stored, first, channels, columns, samples, measured, values, physical, shades, missing, unit } = content;
  const pixel = row * columns + column;
  if (missing && bit(missing, pixel)) return "missing in the file";
  if (samples.length) return colour(samples, (k) => stored[pixel * channels + k]);
  const entry = first === null ? pixel : stored[pixel] - first;
  const text = `stored ${number(stored[pixel])}`;
  if (!values) return `${text}  →  ${colour("RGB", (k) => shades[entry * 3 + k])}`;
  if (measured === "stored") return unit ? `${text} ${unit}` : text;
  return `${text}  →  ${number((measured === "values" ? values : physical)[entry])} ${unit}`.trimEnd();
}

const colour = (names, value) => [...names].map((name, k) => `${name} ${number(value(k))}`).join("  ");

/** Return a number for people: whole, or seven digits, which is what single precision holds. */
const number = (x) => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(7))));

/** Return the window after dragging: a width to the right doubles it, one down raises its center by as much. */
export function dragged([center, width], dx, dy) {
  const speed = (Math.abs(width) || 1) / 200; // a window's width for 200 pixels
  const grain = 10 ** Math.floor(Math.log10(speed));
  const round = (x) => Number((Math.round(x / grain) * grain).toPrecision(12));
  return [round(center + dy * speed), Math.max(round(width + dx * speed), grain)];
}

/** Return a DOM element with properties, attributes and children. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Return an icon-free button that can stay pressed. */
const button = (text, title, name) => element("button", { type: "button", textContent: text, title, className: name });

/** Return a field for one number of the window. */
const field = (title, name) => element("input", { className: name, type: "number", step: "any", title, "aria-label": title });

/** Return the parts of a viewer by name, put together in `root`. */
function layout() {
  const parts = {
    preset: element("select", { className: "dicompix-preset", "aria-label": "View", title: "Views: those of the file, then ranges" }),
    center: field("Window center", "dicompix-center"),
    width: field("Window width", "dicompix-width"),
    invert: button("Invert", "Exchange black and white (I)", "dicompix-invert"),
    overlays: button("Overlay", "Show or hide overlay planes (O)", "dicompix-overlays"),
    reset: button("Reset", "Whole picture, first view (R)", "dicompix-reset"),
    canvas: element("canvas", { className: "dicompix-picture", role: "img" }),
    missing: element("canvas", { className: "dicompix-missing", "aria-hidden": "true" }),
    message: element("div", { className: "dicompix-message", role: "alert" }),
    slider: element("input", { className: "dicompix-frame", type: "range", min: 0, step: 1, "aria-label": "Frame", title: "Frame, counted from 0 (← →)" }),
    count: element("output", { className: "dicompix-count" }),
    bars: element("div", { className: "dicompix-bars", role: "img", title: "How many pixels have which value, and the window" }),
    low: element("span"), high: element("span"), axis: element("span"),
    status: element("div", { className: "dicompix-status" }),
    wait: element("div", { className: "dicompix-wait", textContent: "waiting for Python" }),
    summary: element("summary"), findings: element("ul"),
  };
  parts.layers = element("div", { className: "dicompix-layers" }, parts.canvas, parts.missing);
  parts.stage = element("div", { className: "dicompix-stage", tabIndex: 0, role: "application", "aria-label": HELP },
    parts.layers, parts.message);
  parts.window = element("span", { className: "dicompix-window" },
    element("label", {}, "C", parts.center), element("label", {}, "W", parts.width));
  parts.frames = element("div", { className: "dicompix-row" }, parts.slider, parts.count);
  parts.ends = element("div", { className: "dicompix-ends" }, parts.low, parts.axis, parts.high);
  parts.histogram = element("div", { className: "dicompix-histogram" }, parts.bars, parts.ends);
  parts.found = element("details", { className: "dicompix-findings" }, parts.summary, parts.findings);
  const buttons = element("span", { className: "dicompix-buttons" }, parts.invert, parts.overlays, parts.reset);
  const tools = element("div", { className: "dicompix-row" }, parts.preset, parts.window, buttons);
  const told = element("div", { className: "dicompix-row dicompix-told" }, parts.status, parts.wait);
  parts.root = element("div", { className: "dicompix-viewer" },
    tools, parts.stage, parts.frames, parts.histogram, told, parts.found);
  // keys pressed here are not the notebook's: it looks at the focused element itself first
  for (const part of Object.values(parts)) part.setAttribute("data-lm-suppress-shortcuts", "true");
  return parts;
}

const HELP = "Picture. Arrow keys change the frame, plus and minus zoom, shift and arrow keys move, "
  + "I inverts, O shows overlays, R resets.";

/** Return from and to where the ramp of a window runs (PS3.3 C.11.2.1.2.1, C.11.2.1.3.2). */
const ends = ([center, width]) => {
  const half = width >= 1 ? (width - 1) / 2 : width / 2;
  const middle = width >= 1 ? center - 0.5 : center;
  return [middle - half, middle + half];
};

/** Return the histogram as a drawing, the window's ramp over it; heights are square roots, or air would hide all. */
export function drawing({ low, high, counts }, window) {
  const top = Math.sqrt(Math.max(...counts, 1));
  const bars = counts.map((count, i) => `M${i} 100V${(100 - (96 * Math.sqrt(count)) / top).toFixed(1)}H${i + 1}V100Z`);
  const [from, to] = ends(window).map((value) => (((value - low) / (high - low)) * counts.length).toFixed(3));
  const line = `M-1e5 98L${from} 98L${to} 3L1e5 3`;
  return `<svg viewBox="0 0 ${counts.length} 100" preserveAspectRatio="none" aria-hidden="true">
    <rect class="dicompix-inside" x="${from}" y="0" width="${Math.max(to - from, 0)}" height="100"/>
    <path class="dicompix-counts" d="${bars.join("")}"/>
    <path class="dicompix-ramp" d="${line}" vector-effect="non-scaling-stroke"/></svg>`;
}

/** Return the place of a view among the presets, -1 of a window of one's own. */
export function chosen(presets, voi) {
  const own = presets.filter(([choice]) => Number.isInteger(choice)).length;
  const wanted = Number.isInteger(voi) ? (own === 0 ? "full" : voi < 0 ? own + voi : voi) : voi;
  const place = presets.findIndex(([choice]) => choice === wanted);
  if (place >= 0 || typeof wanted !== "string") return place;
  return presets.findIndex(([, name]) => name.toLowerCase().startsWith(wanted.trim().toLowerCase()));
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** One viewer on the page: `model` holds what Python and the browser share, the rest is its own. */
class View {
  constructor(model, parts) {
    Object.assign(this, { model, parts, zoom: 1, x: 0, y: 0, cursor: null, pending: false, timer: null });
    this.receive();
  }

  get isWindow() {
    return Array.isArray(this.model.get("voi"));
  }

  /** Return the window that is shown, that dragging starts from. */
  get window() {
    return this.isWindow ? this.model.get("voi") : this.named.window ?? [0.5, 1];
  }

  /** Tell whether the view asked for is there: windows are computed here, others by Python. */
  get viewed() {
    return this.isWindow || same(this.model.get("voi"), this.named.voi);
  }

  set(name, value) {
    this.model.set(name, value);
    this.save();
  }

  /** Set what changes with every move of the pointer: Python is told ten times a second, and the last at the end. */
  setOften(name, value) {
    this.model.set(name, value);
    this.timer ??= setTimeout(() => this.save(), 100);
  }

  save() {
    clearTimeout(this.timer);
    this.timer = null;
    this.model.save_changes();
  }

  /** Take over a new frame. */
  receive() {
    this.content = unpacked(this.model.get("_content"));
    const { shades, window, voi, stored, columns, rows, height } = this.content;
    this.named = { shades, window, voi };
    if (stored && !same(this.shape, [columns, rows, height])) {
      this.shape = [columns, rows, height];
      this.pixels = new ImageData(columns, rows);
      for (const canvas of [this.parts.canvas, this.parts.missing]) [canvas.width, canvas.height] = [columns, rows];
      this.fit();
    }
    this.controls();
    this.tint();
    this.draw();
  }

  /** Take over the shades of another view of the same frame. */
  rename() {
    const sent = this.model.get("_shades");
    if (sent.frame !== this.content.frame) return;
    this.parts.message.textContent = sent.error ?? "";
    const { voi, window } = sent;
    this.named = sent.shades ? { shades: array(sent.shades, "uint8"), window, voi } : { ...this.named, voi };
    this.draw();
  }

  /** Fill in what the frame offers. */
  controls() {
    const { parts, content } = this;
    const options = (content.presets ?? []).map(([, name], i) => element("option", { value: i, textContent: name }));
    parts.preset.replaceChildren(...options, element("option", { value: -1, textContent: "own window", hidden: true }));
    const windowed = Boolean(content.values);
    for (const part of [parts.preset, parts.window]) part.hidden = !windowed;
    parts.histogram.hidden = !content.histogram;
    parts.invert.hidden = !windowed;
    parts.overlays.hidden = !content.overlay;
    parts.frames.hidden = content.frames < 2;
    parts.slider.max = content.frames - 1;
    parts.message.textContent = content.error ?? "";
    parts.canvas.hidden = !content.stored;
    if (content.histogram) {
      const { least, most } = content.histogram;
      [parts.low.textContent, parts.high.textContent] = [least, most].map(number);
      parts.axis.textContent = content.axis;
    }
    parts.found.hidden = !content.findings.length;
    parts.summary.textContent = content.found;
    parts.findings.replaceChildren(...content.findings.map((text) => element("li", { textContent: text })));
  }

  /** Colour what a broken file does not hold of the frame, on a layer of its own. */
  tint() {
    const { missing, pixels } = this.content;
    this.parts.missing.hidden = !missing;
    if (!missing) return;
    const layer = new ImageData(this.pixels.width, this.pixels.height);
    const colors = new Uint32Array(layer.data.buffer);
    for (let i = 0; i < pixels; i++) if (bit(missing, i)) colors[i] = 0x800098ff; // half-transparent orange
    this.parts.missing.getContext("2d").putImageData(layer, 0, 0);
  }

  /** Draw before the browser's next picture, once however often it is asked for. */
  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.paint();
    });
  }

  paint() {
    const { parts, content, model } = this;
    if (content.stored) {
      const shades = this.isWindow && content.values
        ? windowed(content, this.named.shades, this.window) : this.named.shades;
      const look = { invert: model.get("invert") && Boolean(content.values), overlays: model.get("overlays") };
      painted(content, shades, look, new Uint32Array(this.pixels.data.buffer));
      parts.canvas.getContext("2d", { willReadFrequently: true }).putImageData(this.pixels, 0, 0);
      if (content.histogram) parts.bars.innerHTML = drawing(content.histogram, this.window);
    }
    this.state();
    // a view that Python computes is still the last one until its shades come
    parts.root.dataset.painted = `${content.frame} ${JSON.stringify(this.isWindow ? model.get("voi") : this.named.voi)}`;
  }

  /** Show the shared state on the controls. */
  state() {
    const { parts, model, content } = this;
    for (const [input, value] of this.fields()) {
      if (document.activeElement !== input) input.value = number(value);
    }
    parts.preset.value = chosen(content.presets ?? [], model.get("voi"));
    for (const name of ["invert", "overlays"]) {
      parts[name].setAttribute("aria-pressed", String(Boolean(model.get(name))));
    }
    parts.slider.value = model.get("frame"); // the one asked for: keys step on from it while Python decodes
    const count = `frame ${content.frame} of ${content.frames}`;
    parts.slider.setAttribute("aria-valuetext", count);
    if (parts.count.textContent !== count) parts.count.textContent = count;
    parts.canvas.setAttribute("aria-label", `${count}, ${content.rows} × ${content.columns}`);
    parts.bars.setAttribute("aria-label", `Histogram of ${content.axis}, window ${this.window.map(number).join(" / ")}`);
    parts.wait.hidden = this.viewed && model.get("frame") === content.frame;
    this.tell();
  }

  /** Return the fields of the window with what they show. */
  fields() {
    const [center, width] = this.window;
    return [[this.parts.center, center], [this.parts.width, width]];
  }

  /** Take over a typed window; a field left as it was keeps all of its digits, and what is no window is undone. */
  type() {
    const fields = this.fields();
    const [center, width] = fields.map(([input, value]) => (input.value === number(value) ? value : input.valueAsNumber));
    if (same([center, width], this.window)) return;
    if (Number.isFinite(center) && width > 0) this.set("voi", [center, width]);
    else for (const [input, value] of fields) input.value = number(value);
  }

  /** Say what is under the cursor. */
  tell() {
    const { content, cursor, zoom, parts } = this;
    const place = content.stored && cursor && this.pixelAt(cursor);
    const zoomed = `${Math.round(this.scale * zoom * 100)} %`;
    parts.status.textContent = place
      ? `row ${place[0]}, column ${place[1]}   ${reading(content, ...place)}`
      : content.stored ? `${content.rows} × ${content.columns}   shown at ${zoomed}` : "";
  }

  /** Return the row and column at a place on the page, null beside the picture. */
  pixelAt([clientX, clientY]) {
    const box = this.parts.canvas.getBoundingClientRect();
    const column = Math.floor(((clientX - box.left) / box.width) * this.content.columns);
    const row = Math.floor(((clientY - box.top) / box.height) * this.content.rows);
    const inside = row >= 0 && column >= 0 && row < this.content.rows && column < this.content.columns;
    return inside ? [row, column] : null;
  }

  /** Show the whole picture, as large as the place allows. */
  fit() {
    const { content, parts } = this;
    if (!content.stored) return;
    const space = parts.root.clientWidth - 8 || 512;
    const [across, down] = [content.columns, content.rows * content.height];
    this.scale = Math.min(space / across, Math.max(space, 512) / down);
    [this.zoom, this.x, this.y] = [1, 0, 0];
    parts.stage.style.width = `${Math.round(across * this.scale)}px`;
    parts.stage.style.height = `${Math.round(down * this.scale)}px`;
    this.place();
  }

  place() {
    if (!this.content.stored) return;
    const { layers, canvas, stage } = this.parts;
    const across = this.scale * this.zoom;
    layers.style.transform = `translate(${this.x}px, ${this.y}px) scale(${across}, ${across * this.content.height})`;
    canvas.style.imageRendering = across >= 2 ? "pixelated" : "auto";
    // a finger scrolls the page where it has nothing else to do
    stage.style.touchAction = this.content.values || this.zoom > 1 ? "none" : "pan-y";
    this.tell();
  }

  /** Zoom by a factor; the point under the cursor stays where it is. */
  zoomBy(factor, clientX, clientY) {
    const box = this.parts.stage.getBoundingClientRect();
    const [left, top] = [(clientX ?? box.left + box.width / 2) - box.left, (clientY ?? box.top + box.height / 2) - box.top];
    const zoom = Math.min(Math.max(this.zoom * factor, 1), 64);
    const ratio = zoom / this.zoom;
    this.zoom = zoom;
    this.moveTo(left - (left - this.x) * ratio, top - (top - this.y) * ratio);
  }

  /** Move the picture, without leaving an empty border. */
  moveTo(x, y) {
    const box = this.parts.stage.getBoundingClientRect();
    const within = (value, size) => Math.min(0, Math.max(value, size - size * this.zoom));
    [this.x, this.y] = [within(x, box.width), within(y, box.height)];
    this.place();
  }

  moveBy(dx, dy) {
    this.moveTo(this.x + dx, this.y + dy);
  }

  toFrame(frame) {
    const last = this.content.frames - 1;
    this.set("frame", Math.min(Math.max(frame, 0), last));
  }

  step(frames) {
    this.toFrame(this.model.get("frame") + frames);
  }

  reset() {
    this.fit();
    this.set("invert", false);
    this.set("voi", 0);
  }
}

const KEYS = {
  ArrowRight: (view) => view.step(1),
  ArrowLeft: (view) => view.step(-1),
  ArrowDown: (view) => view.step(1),
  ArrowUp: (view) => view.step(-1),
  PageDown: (view) => view.step(10),
  PageUp: (view) => view.step(-10),
  Home: (view) => view.toFrame(0),
  End: (view) => view.toFrame(Infinity),
  "shift ArrowRight": (view) => view.moveBy(-40, 0),
  "shift ArrowLeft": (view) => view.moveBy(40, 0),
  "shift ArrowDown": (view) => view.moveBy(0, -40),
  "shift ArrowUp": (view) => view.moveBy(0, 40),
  "+": (view) => view.zoomBy(1.25),
  "=": (view) => view.zoomBy(1.25),
  "-": (view) => view.zoomBy(0.8),
  i: (view) => view.set("invert", !view.model.get("invert")),
  o: (view) => view.set("overlays", !view.model.get("overlays")),
  r: (view) => view.reset(),
};

/** Return what a pressed key does to the picture, undefined where it is not for us. */
function keyed({ key, shiftKey, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return undefined;
  return KEYS[key.length === 1 ? key.toLowerCase() : shiftKey ? `shift ${key}` : key];
}

/** Let the controls change the shared state. */
function connectControls(view) {
  const { parts } = view;
  parts.preset.onchange = () => view.set("voi", view.content.presets[parts.preset.value][0]);
  for (const input of [parts.center, parts.width]) {
    input.onchange = () => view.type();
    input.onkeydown = (event) => {
      if (event.key === "Enter") view.type(); // JupyterLab takes Enter's own effect away
    };
  }
  for (const name of ["invert", "overlays"]) parts[name].onclick = () => view.set(name, !view.model.get(name));
  parts.reset.onclick = () => view.reset();
  parts.slider.oninput = () => view.toFrame(parts.slider.valueAsNumber);
  parts.stage.onkeydown = (event) => {
    const act = keyed(event);
    if (!act) return;
    act(view);
    event.preventDefault();
    event.stopPropagation();
  };
}

/** Let one pointer window and move the picture, and two fingers zoom it. */
function connectPointer(view) {
  const { stage } = view.parts;
  const pointers = new Map();
  let held = null; // what began when the pointer went down
  const pinch = () => {
    const [[left, top], [right, bottom]] = pointers.values();
    return { apart: Math.hypot(right - left, bottom - top), x: (left + right) / 2, y: (top + bottom) / 2 };
  };
  const begin = ({ button, shiftKey, clientX, clientY }) => {
    const moves = button !== 0 || shiftKey || !view.content.values;
    return { moves, left: clientX, top: clientY, x: view.x, y: view.y, window: view.window, voi: view.model.get("voi") };
  };
  stage.onpointerdown = (event) => {
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    view.cursor = [event.clientX, event.clientY];
    pointers.set(event.pointerId, view.cursor);
    if (pointers.size === 2 && held?.changed) view.set("voi", held.voi); // the first finger meant no window
    held = pointers.size === 1 ? begin(event) : pointers.size === 2 ? { pinch: pinch() } : null;
    view.tell();
    event.preventDefault();
  };
  stage.onpointermove = (event) => {
    view.cursor = [event.clientX, event.clientY];
    if (event.movementX || event.movementY) stage.dataset.entered = "true";
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, view.cursor);
    if (!held) return view.tell();
    if (held.pinch) {
      const now = pinch();
      view.zoomBy(now.apart / held.pinch.apart, now.x, now.y);
      view.moveBy(now.x - held.pinch.x, now.y - held.pinch.y);
      held = { pinch: now };
      return;
    }
    const [dx, dy] = [event.clientX - held.left, event.clientY - held.top];
    if (held.moves) view.moveTo(held.x + dx, held.y + dy);
    else if (dx || dy || held.changed) {
      held.changed = true;
      view.setOften("voi", dragged(held.window, dx, dy));
    }
  };
  stage.onpointerup = stage.onpointercancel = (event) => {
    pointers.delete(event.pointerId);
    if (held?.changed) view.save();
    held = null;
  };
  stage.onpointerleave = (event) => {
    delete stage.dataset.entered;
    if (event.pointerType === "touch") return; // the value stays to be read when the finger has gone
    view.cursor = null;
    view.tell();
  };
  stage.oncontextmenu = (event) => event.preventDefault();
  stage.ondblclick = () => view.fit();
}

/** Let the wheel turn frames over, or zoom a single one; with Ctrl, which is what two fingers on a touchpad give, zoom. */
function connectWheel(view) {
  const { stage } = view.parts;
  let turned = 0;
  stage.addEventListener("wheel", (event) => {
    // a picture that came under a pointer at rest does not stop the page that is being scrolled
    if (!stage.dataset.entered && !event.ctrlKey) return;
    event.preventDefault();
    view.cursor = [event.clientX, event.clientY];
    const down = event.deltaY * (event.deltaMode ? 33 : 1); // lines, in Firefox
    if (view.content.frames < 2 || event.ctrlKey || event.metaKey) {
      view.zoomBy(Math.exp(-Math.max(-100, Math.min(100, down)) * 0.0025), event.clientX, event.clientY);
      return;
    }
    turned += down;
    if (Math.abs(turned) < 50) return;
    view.step(Math.sign(turned));
    turned = 0;
  }, { passive: false });
}

function render({ model, el }) {
  const parts = layout();
  el.append(parts.root);
  const view = new View(model, parts);
  connectControls(view);
  connectPointer(view);
  connectWheel(view);
  const heard = {
    "change:_content": () => view.receive(),
    "change:_shades": () => view.rename(),
    "change:frame": () => view.state(),
    "change:voi": () => (view.viewed ? view.draw() : view.state()),
    "change:invert": () => view.draw(),
    "change:overlays": () => view.draw(),
  };
  for (const [event, act] of Object.entries(heard)) model.on(event, act);
  const resized = new ResizeObserver(() => view.zoom === 1 && view.fit());
  resized.observe(parts.root);
  return () => {
    resized.disconnect();
    if (view.timer) view.save();
    for (const [event, act] of Object.entries(heard)) model.off(event, act);
  };
}

export default { render };
