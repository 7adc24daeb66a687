// The viewer of one image: what Python sends (viewer.py) -> a picture that windows, zooms and tells values by itself.
// Shades are computed as dicompix.pixels.transforms computes them, operation by operation, so that they are equal.

/** Return 0 to 1 across a window: LINEAR, below a width of 1 LINEAR_EXACT (PS3.3 C.11.2.1.2.1, C.11.2.1.3.2). */
export function ramp(x, center, width) {
  let w = Math.abs(width) || 1; // as settle_width does
  let c = center;
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

/** Return the pixels (RGBA, little endian) of shades, inverted or under an overlay where that is asked for. */
export function painted(content, shades, { invert, overlays }) {
  const { stored, first, fixed, entries, pixels, overlay } = content;
  const colors = new Uint32Array(entries);
  const channels = shades.length / entries;
  for (let i = 0; i < entries; i++) {
    const at = i * channels;
    const color = channels === 1 ? shades[i] * 0x010101 : (shades[at + 2] << 16) | (shades[at + 1] << 8) | shades[at];
    const flip = invert && !(fixed && fixed[i]) ? 0xffffff : 0;
    colors[i] = 0xff000000 | (color ^ flip);
  }
  let result = colors;
  if (first !== null) {
    result = new Uint32Array(pixels);
    for (let i = 0; i < pixels; i++) result[i] = colors[stored[i] - first];
  }
  if (overlays && overlay) {
    for (let i = 0; i < pixels; i++) if ((overlay[i >> 3] >> (i & 7)) & 1) result[i] = 0xffffffff;
  }
  return new Uint8ClampedArray(result.buffer);
}

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
  };
}

/** Return what is read at a pixel: stored samples, and the modality value where it is another. */
export function reading(content, row, column) {
  const { stored, first, channels, columns, samples, measured, values, physical, unit } = content;
  const pixel = row * columns + column;
  if (samples.length) {
    return samples.map((name, k) => `${name} ${stored[pixel * channels + k]}`).join("  ");
  }
  const entry = first === null ? pixel : stored[pixel] - first;
  const text = `stored ${number(stored[pixel])}`;
  if (measured === "stored") return unit ? `${text} ${unit}` : text;
  return `${text}  →  ${number((measured === "values" ? values : physical)[entry])} ${unit}`.trimEnd();
}

const number = (x) => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(5))));

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

/** Return the parts of a viewer by name, put together in `root`. */
function layout() {
  const parts = {
    preset: element("select", { className: "dicompix-preset", title: "Views: those of the file, then ranges" }),
    center: element("input", { className: "dicompix-center", type: "number", step: "any", title: "Window center" }),
    width: element("input", { className: "dicompix-width", type: "number", step: "any", title: "Window width" }),
    invert: button("Invert", "Exchange black and white (I)", "dicompix-invert"),
    overlays: button("Overlay", "Show or hide overlay planes (O)", "dicompix-overlays"),
    reset: button("Reset", "Whole picture, first view (R)", "dicompix-reset"),
    canvas: element("canvas", { className: "dicompix-picture" }),
    message: element("div", { className: "dicompix-message" }),
    slider: element("input", { className: "dicompix-frame", type: "range", min: 0, step: 1, title: "Frame, counted from 0 (← →)" }),
    count: element("output", { className: "dicompix-count" }),
    bars: element("div", { className: "dicompix-bars", title: "How many pixels have which value, and the window" }),
    low: element("span"), high: element("span"), unit: element("span"),
    status: element("div", { className: "dicompix-status" }),
  };
  parts.stage = element("div", { className: "dicompix-stage", tabIndex: 0 }, parts.canvas, parts.message);
  parts.window = element("span", { className: "dicompix-window" },
    element("label", {}, "C", parts.center), element("label", {}, "W", parts.width));
  parts.frames = element("div", { className: "dicompix-row" }, parts.slider, parts.count);
  parts.ends = element("div", { className: "dicompix-ends" }, parts.low, parts.unit, parts.high);
  parts.histogram = element("div", { className: "dicompix-histogram" }, parts.bars, parts.ends);
  const tools = element("div", { className: "dicompix-row dicompix-tools" },
    parts.preset, parts.window, parts.invert, parts.overlays, parts.reset);
  parts.root = element("div", { className: "dicompix-viewer" },
    tools, parts.stage, parts.frames, parts.histogram, parts.status);
  // keys pressed here are not the notebook's: it looks at the focused element itself first
  for (const part of Object.values(parts)) part.setAttribute("data-lm-suppress-shortcuts", "true");
  return parts;
}

/** Return the histogram as a drawing, the window's ramp over it; heights are square roots, or air would hide all. */
export function drawing({ low, high, counts }, [center, width]) {
  const top = Math.sqrt(Math.max(...counts, 1));
  const bars = counts.map((count, i) => `M${i} 100V${(100 - (96 * Math.sqrt(count)) / top).toFixed(1)}H${i + 1}V100Z`);
  const half = width >= 1 ? (width - 1) / 2 : width / 2;
  const middle = width >= 1 ? center - 0.5 : center;
  const place = (value) => (((value - low) / (high - low)) * counts.length).toFixed(3);
  const [from, to] = [place(middle - half), place(middle + half)];
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

/** One viewer on the page: `model` holds what Python and the browser share, the rest is its own. */
class View {
  constructor(model, parts) {
    Object.assign(this, { model, parts, zoom: 1, x: 0, y: 0, cursor: null, pending: false });
    this.receive();
  }

  get isWindow() {
    return Array.isArray(this.model.get("voi"));
  }

  /** Return the window that is shown, that dragging starts from. */
  get window() {
    return this.isWindow ? this.model.get("voi") : this.named.window ?? [0.5, 1];
  }

  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  /** Take over a new frame. */
  receive() {
    this.content = unpacked(this.model.get("_content"));
    this.named = { shades: this.content.shades, window: this.content.window, voi: this.content.voi };
    const { canvas } = this.parts;
    if (this.content.stored && (canvas.width !== this.content.columns || canvas.height !== this.content.rows || !this.scale)) {
      [canvas.width, canvas.height] = [this.content.columns, this.content.rows];
      this.fit();
    }
    this.controls();
    this.draw();
  }

  /** Take over the shades of another view of the same frame. */
  rename() {
    const sent = this.model.get("_shades");
    if (sent.frame !== this.content.frame) return;
    this.parts.message.textContent = sent.error ?? "";
    if (sent.shades) this.named = { shades: array(sent.shades, "uint8"), window: sent.window, voi: sent.voi };
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
      parts.unit.textContent = content.unit;
    }
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
      const pixels = new ImageData(painted(content, shades, look), content.columns, content.rows);
      parts.canvas.getContext("2d", { willReadFrequently: true }).putImageData(pixels, 0, 0);
      if (content.histogram) parts.bars.innerHTML = drawing(content.histogram, this.window);
    }
    this.state();
    // a view that Python computes is still the last one until its shades come
    parts.root.dataset.painted = `${content.frame} ${JSON.stringify(this.isWindow ? model.get("voi") : this.named.voi)}`;
  }

  /** Show the shared state on the controls. */
  state() {
    const { parts, model, content } = this;
    const [center, width] = this.window;
    for (const [input, value] of [[parts.center, center], [parts.width, width]]) {
      if (document.activeElement !== input) input.value = number(value);
    }
    parts.preset.value = chosen(content.presets ?? [], model.get("voi"));
    for (const name of ["invert", "overlays"]) {
      parts[name].setAttribute("aria-pressed", String(Boolean(model.get(name))));
    }
    if (document.activeElement !== parts.slider || !this.sliding) parts.slider.value = content.frame;
    parts.count.textContent = `frame ${content.frame} of ${content.frames}`;
    this.tell();
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
    const space = Math.min(parts.root.clientWidth - 8 || 512, 512);
    const [across, down] = [content.columns, content.rows * content.height];
    this.scale = Math.min(space / across, 512 / down);
    [this.zoom, this.x, this.y] = [1, 0, 0];
    parts.stage.style.width = `${Math.round(across * this.scale)}px`;
    parts.stage.style.height = `${Math.round(down * this.scale)}px`;
    this.place();
  }

  place() {
    const { canvas } = this.parts;
    const across = this.scale * this.zoom;
    canvas.style.transform = `translate(${this.x}px, ${this.y}px) scale(${across}, ${across * this.content.height})`;
    canvas.style.imageRendering = across >= 2 ? "pixelated" : "auto";
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

  toFrame(frame) {
    const last = this.content.frames - 1;
    this.set("frame", Math.min(Math.max(frame, 0), last));
  }

  reset() {
    this.fit();
    this.set("invert", false);
    this.set("voi", 0);
  }
}

const KEYS = {
  ArrowRight: (view) => view.toFrame(view.model.get("frame") + 1),
  ArrowLeft: (view) => view.toFrame(view.model.get("frame") - 1),
  Home: (view) => view.toFrame(0),
  End: (view) => view.toFrame(Infinity),
  "+": (view) => view.zoomBy(1.25),
  "-": (view) => view.zoomBy(0.8),
  i: (view) => view.set("invert", !view.model.get("invert")),
  o: (view) => view.set("overlays", !view.model.get("overlays")),
  r: (view) => view.reset(),
};

/** Let the controls change the shared state. */
function connectControls(view) {
  const { parts } = view;
  parts.preset.onchange = () => view.set("voi", view.content.presets[parts.preset.value][0]);
  for (const input of [parts.center, parts.width]) {
    input.onchange = () => {
      const [center, width] = [parts.center.valueAsNumber, parts.width.valueAsNumber];
      if (Number.isFinite(center) && Number.isFinite(width)) view.set("voi", [center, width]);
    };
    input.onkeydown = (event) => event.key === "Enter" && input.onchange(); // JupyterLab takes Enter's own effect away
  }
  for (const name of ["invert", "overlays"]) parts[name].onclick = () => view.set(name, !view.model.get(name));
  parts.reset.onclick = () => view.reset();
  parts.slider.oninput = () => view.toFrame(parts.slider.valueAsNumber);
  parts.slider.onpointerdown = () => (view.sliding = true);
  parts.slider.onpointerup = () => (view.sliding = false);
  parts.stage.onkeydown = (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? null : KEYS[event.key];
    if (!act) return;
    act(view);
    event.preventDefault();
    event.stopPropagation();
  };
}

/** Let the pointer window, move and zoom the picture. */
function connectPointer(view) {
  const { stage } = view.parts;
  let held = null;
  stage.onpointerdown = (event) => {
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    const moves = event.button !== 0 || event.shiftKey || !view.content.values;
    held = { moves, left: event.clientX, top: event.clientY, x: view.x, y: view.y, window: view.window };
    event.preventDefault();
  };
  stage.onpointermove = (event) => {
    view.cursor = [event.clientX, event.clientY];
    if (!held) return view.tell();
    const [dx, dy] = [event.clientX - held.left, event.clientY - held.top];
    if (held.moves) view.moveTo(held.x + dx, held.y + dy);
    else if (dx || dy || held.changed) {
      held.changed = true;
      view.set("voi", dragged(held.window, dx, dy));
    }
  };
  stage.onpointerup = stage.onpointercancel = () => (held = null);
  stage.onpointerleave = () => {
    view.cursor = null;
    view.tell();
  };
  stage.oncontextmenu = (event) => event.preventDefault();
  stage.ondblclick = () => view.fit();
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    view.cursor = [event.clientX, event.clientY];
    view.zoomBy(Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) * 0.0025), event.clientX, event.clientY);
  }, { passive: false });
}

function render({ model, el }) {
  const parts = layout();
  el.append(parts.root);
  const view = new View(model, parts);
  connectControls(view);
  connectPointer(view);
  const heard = {
    "change:_content": () => view.receive(),
    "change:_shades": () => view.rename(),
    "change:voi": () => view.isWindow && view.draw(),
    "change:invert": () => view.draw(),
    "change:overlays": () => view.draw(),
  };
  for (const [event, act] of Object.entries(heard)) model.on(event, act);
  const resized = new ResizeObserver(() => view.zoom === 1 && view.fit());
  resized.observe(parts.root);
  return () => {
    resized.disconnect();
    for (const [event, act] of Object.entries(heard)) model.off(event, act);
  };
}

export default { render };
