"use strict";
// Charts over time: how they look and behave, whatever they show. Drawn by dygraphs.

// Its legend writes styles into elements, which a page's policy forbids; the pages have their own.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const MINUTE = 60e3, DAY = 86400e3;

/** Three significant digits at most: "1.25", "12.5", "1,250". */
function number(value) {
  if (value === null || value === undefined) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** "1,250", "12k", "3.4M": short enough for an axis. */
function axisNumber(value) {
  if (Math.abs(value) < 1e4) return number(value);
  const [size, letter] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([least]) => Math.abs(value) >= least);
  return number(value / size) + letter;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 120) return `${number(seconds)} s`;
  if (seconds < 5400) return `${number(seconds / 60)} min`;
  if (seconds < 172800) return `${number(seconds / 3600)} h`;
  return `${number(seconds / 86400)} d`;
}

/** "2014-04-10 12:05", UTC; as short as the step between two labels allows. */
function timeText(at, step) {
  const text = new Date(at).toISOString();
  if (step >= DAY) return text.slice(0, 10);
  if (step >= MINUTE) return at % DAY === 0 ? text.slice(5, 10) : text.slice(11, 16);
  return text.slice(11, 19);
}

/** The first index whose value is not below `at`. */
function lowerBound(values, at) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < at) low = middle + 1; else high = middle;
  }
  return low;
}

const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Any colour of CSS in the form that a canvas and the library take. */
function rgb(color) {
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = color;
  pixel.fillRect(0, 0, 1, 1);
  return `rgb(${[...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ")})`;
}

/** The colour in a custom property of an element. */
function colorOf(element, property) {
  return rgb(getComputedStyle(element).getPropertyValue(property).trim() || "#888888");
}

/** Dragging zooms, a double click shows all; a finger scrolls the page, as everywhere else. */
function interaction(group) {
  const { mousedown, willDestroyContextMyself } = Dygraph.defaultInteractionModel;
  return { mousedown, dblclick: () => group.show(null), willDestroyContextMyself };
}

/**
 * One chart of a group. `series`: [{ name, color, steps, dash, fill, width }], a colour being a custom property or
 * a function. Rows are [at, value, ...]; null is a gap, or with `joined` nothing, and then NaN is the gap.
 * `limit`: { value, color }, a line across. `parts`: [{ name, from, to }], shaded. `ticks(low, high, count)` of y.
 */
class TimeChart {
  constructor(group, holder, { name, series, label = axisNumber, floor = 1, joined = false, limit, parts = [], ticks }) {
    Object.assign(this, { group, series, label, floor, joined, limit, ticks, rows: [] });
    this.parts = parts.map((part) => ({ ...part, made: this.makePart(part.name) }));
    this.plot = document.createElement("div");
    this.plot.className = "plot";
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", name);
    this.cursor = document.createElement("div");
    this.cursor.className = "cursor";
    this.cursor.hidden = true;
    this.holder = holder;
    holder.append(this.plot, ...this.parts.map((part) => part.made), this.cursor);
  }

  makePart(name) {
    const made = document.createElement("div"), told = document.createElement("span");
    made.className = "part";
    told.textContent = name;
    made.append(told);
    return made;
  }

  options() {
    const { holder, series } = this;
    const each = Object.fromEntries(series.map((one) => [one.name, {
      color: typeof one.color === "function" ? one.color() : colorOf(holder, one.color), stepPlot: one.steps ?? false, strokePattern: one.dash ?? null,
      fillGraph: one.fill ?? false, strokeWidth: one.width ?? 1.6,
    }]));
    return {
      labels: ["at", ...series.map((one) => one.name)], series: each, labelsUTC: true,
      connectSeparatedPoints: this.joined, underlayCallback: (canvas, area, graph) => this.drawLimit(canvas, area, graph),
      interactionModel: interaction(this.group), fillAlpha: .18, highlightCircleSize: 3, drawGapEdgePoints: true,
      axisLineColor: colorOf(holder, "--faint"), gridLineColor: colorOf(holder, "--line"), gridLineWidth: 1,
      axes: {
        x: { axisLabelFormatter: (at) => axisTime(Number(at)), pixelsPerLabel: 80, ticker: Dygraph.dateTicker },
        y: { axisLabelFormatter: this.label, axisLabelWidth: 46, pixelsPerLabel: 36, ...this.ticker() },
      },
      highlightCallback: (event, at) => this.group.point(at, event),
      unhighlightCallback: () => this.group.point(null),
      zoomCallback: (from, to) => this.group.show(this.group.isWhole(from, to) ? null : [from, to]),
    };
  }

  ticker() {
    if (!this.ticks) return {};
    return { ticker: (low, high, pixels) => this.ticks(low, high, Math.max(2, Math.round(pixels / 45)))
      .map((v) => ({ v, label: this.label(v) })) };
  }

  drawLimit(canvas, area, graph) {
    if (!this.limit) return;
    const y = graph.toDomYCoord(this.limit.value);
    canvas.save();
    canvas.strokeStyle = colorOf(this.holder, this.limit.color);
    canvas.lineWidth = 2;
    canvas.setLineDash([6, 4]);
    canvas.beginPath();
    canvas.moveTo(area.x, y);
    canvas.lineTo(area.x + area.w, y);
    canvas.stroke();
    canvas.restore();
  }

  placeParts() {
    const area = this.graph.getArea();
    for (const { from, to, made } of this.parts) {
      const left = Math.max(area.x, this.graph.toDomXCoord(from));
      const right = Math.min(area.x + area.w, this.graph.toDomXCoord(to));
      made.hidden = right <= left;
      if (made.hidden) continue;
      made.style.left = `${left}px`;
      made.style.width = `${right - left}px`;
      made.style.top = `${this.plot.offsetTop + area.y}px`;
      made.style.height = `${area.h}px`;
      made.firstChild.hidden = false;
      made.firstChild.hidden = made.firstChild.offsetWidth > right - left;
    }
  }

  /** The highest that is seen, so that a zoom shows what is in it. */
  top([from, to]) {
    let top = this.floor;
    const first = Math.max(0, lowerBound(this.rows.map((row) => row[0]), from) - 1);
    for (let i = first; i < this.rows.length; ++i) {
      for (let k = 1; k < this.rows[i].length; ++k) top = Math.max(top, this.rows[i][k] || 0);
      if (this.rows[i][0] > to) break;
    }
    return top * 1.08;
  }

  draw(window) {
    const shown = { ...this.options(), file: this.rows, dateWindow: window, valueRange: [0, this.top(window)] };
    if (this.graph) this.graph.updateOptions(shown);
    else this.graph = new Dygraph(this.plot, this.rows, shown);
    this.placeParts();
  }

  point(at) {
    if (!this.graph) return;
    const area = this.graph.getArea();
    const x = at === null ? -1 : this.graph.toDomXCoord(at);
    this.cursor.hidden = !(x >= area.x && x <= area.x + area.w);
    if (this.cursor.hidden) return;
    this.cursor.style.left = `${x}px`;
    this.cursor.style.top = `${this.plot.offsetTop + area.y}px`;
    this.cursor.style.height = `${area.h}px`;
  }
}

/** As short as the moment allows: a day, a minute, a second. */
function axisTime(at) {
  return timeText(at, at % MINUTE === 0 ? MINUTE : 1000);
}

/** Charts over one time, zoomed and pointed at together. `onPoint(at, event)` is told where, or null. */
class TimeCharts {
  constructor({ onPoint = () => {}, onShow = () => {} } = {}) {
    Object.assign(this, { onPoint, onShow, charts: [], window: null, whole: [0, 1] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  add(holder, settings) {
    const chart = new TimeChart(this, holder, settings);
    this.charts.push(chart);
    return chart;
  }

  clear() {
    for (const chart of this.charts) {
      chart.graph?.destroy();
      chart.holder.remove();
    }
    this.charts = [];
  }

  /** All that there is to see, from and to. */
  span(from, to) { this.whole = [from, Math.max(to, from + 1000)]; }

  seen() { return this.window ?? this.whole; }
  isWhole(from, to) { return from <= this.whole[0] && to >= this.whole[1]; }

  draw() {
    for (const chart of this.charts) chart.draw(this.seen());
    this.mark(this.at ?? null);
  }

  show(window) {
    this.window = window;
    this.draw();
    this.onShow(this.seen(), window === null);
  }

  zoom(factor) {
    const [from, to] = this.seen();
    const middle = this.at ?? (from + to) / 2;
    const left = Math.max(this.whole[0], middle - (middle - from) * factor);
    const right = Math.min(this.whole[1], middle + (to - middle) * factor);
    if (right - left < 1000) return;
    this.show(this.isWhole(left, right) ? null : [left, right]);
  }

  pan(share) {
    if (!this.window) return;
    const [from, to] = this.window;
    const by = Math.min(Math.max((to - from) * share, this.whole[0] - from), this.whole[1] - to);
    this.show([from + by, to + by]);
  }

  /** A line through all charts, and nobody is told. */
  mark(at) {
    this.at = at;
    for (const chart of this.charts) chart.point(at);
  }

  point(at, event) {
    this.mark(at);
    this.onPoint(at, event);
  }

  /** "+", "-", "0", the arrows, as the page's text says. Whether the key was one of these. */
  key(key) {
    const keys = {
      "+": () => this.zoom(.5), "=": () => this.zoom(.5), "-": () => this.zoom(2), "0": () => this.show(null), Home: () => this.show(null),
      ArrowLeft: () => this.pan(-.25), ArrowRight: () => this.pan(.25),
    };
    keys[key]?.();
    return key in keys;
  }
}
