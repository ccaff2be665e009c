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

/** A colour as a canvas takes it, of a custom property of the element. */
function colorOf(element, property) {
  return getComputedStyle(element).getPropertyValue(property).trim() || "#888888";
}

/** Dragging zooms, a double click shows all; a finger scrolls the page, as everywhere else. */
function interaction() {
  const whole = Dygraph.defaultInteractionModel;
  return { mousedown: whole.mousedown, dblclick: whole.dblclick };
}

/** One chart of a group. `series`: [{ name, color, steps, dash, fill, width }], colours being custom properties. */
class TimeChart {
  constructor(group, holder, { name, series, label = axisNumber, floor = 1 }) {
    this.group = group;
    this.series = series;
    this.label = label;
    this.floor = floor;
    this.rows = [];
    this.plot = document.createElement("div");
    this.plot.className = "plot";
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", name);
    this.cursor = document.createElement("div");
    this.cursor.className = "cursor";
    this.cursor.hidden = true;
    this.holder = holder;
    holder.append(this.plot, this.cursor);
  }

  options() {
    const { holder, series } = this;
    const each = Object.fromEntries(series.map((one) => [one.name, {
      color: colorOf(holder, one.color), stepPlot: one.steps ?? false, strokePattern: one.dash ?? null,
      fillGraph: one.fill ?? false, strokeWidth: one.width ?? 1.6,
    }]));
    return {
      labels: ["at", ...series.map((one) => one.name)], series: each, labelsUTC: true,
      interactionModel: interaction(), fillAlpha: .18, highlightCircleSize: 3, drawGapEdgePoints: true,
      axisLineColor: colorOf(holder, "--faint"), gridLineColor: colorOf(holder, "--line"), gridLineWidth: 1,
      axes: {
        x: { axisLabelFormatter: (at) => axisTime(Number(at)), pixelsPerLabel: 80, ticker: Dygraph.dateTicker },
        y: { axisLabelFormatter: this.label, axisLabelWidth: 46, pixelsPerLabel: 36 },
      },
      highlightCallback: (event, at) => this.group.point(at),
      unhighlightCallback: () => this.group.point(null),
      zoomCallback: (from, to) => this.group.show(this.group.isWhole(from, to) ? null : [from, to]),
    };
  }

  /** The highest that is seen, so that a zoom shows what is in it. */
  top([from, to]) {
    let top = this.floor;
    const first = Math.max(0, lowerBound(this.rows.map((row) => row[0]), from) - 1);
    for (let i = first; i < this.rows.length; ++i) {
      for (const value of this.rows[i].slice(1)) top = Math.max(top, value ?? 0);
      if (this.rows[i][0] > to) break;
    }
    return top * 1.08;
  }

  draw(window) {
    const shown = { ...this.options(), file: this.rows, dateWindow: window, valueRange: [0, this.top(window)] };
    if (this.graph) this.graph.updateOptions(shown);
    else this.graph = new Dygraph(this.plot, this.rows, shown);
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

/** Charts over one time, zoomed and pointed at together. `onPoint(at)` is told where, or null. */
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
    this.point(this.at ?? null, true);
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

  point(at, quiet = false) {
    this.at = at;
    for (const chart of this.charts) chart.point(at);
    if (!quiet) this.onPoint(at);
  }

  /** "+", "-", "0" and the arrows, as the page's text says. Whether the key was one of these. */
  key(key) {
    const keys = {
      "+": () => this.zoom(.5), "=": () => this.zoom(.5), "-": () => this.zoom(2), "0": () => this.show(null),
      ArrowLeft: () => this.pan(-.25), ArrowRight: () => this.pan(.25),
    };
    keys[key]?.();
    return key in keys;
  }
}
