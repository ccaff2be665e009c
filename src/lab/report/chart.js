"use strict";
// Drawing: scales, axes and lines in SVG. Knows nothing of policies.

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Round numbers from 0 (or low) to at least high, about `count` of them. */
function ticks(low, high, count) {
  const span = Math.max(high - low, 1e-9);
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw);
  const values = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) values.push(at);
  return values;
}

/** As ticks(), for seconds: steps that people count time in. */
const SECOND_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200];

function durationTicks(low, high, count) {
  const step = SECOND_STEPS.find((size) => size >= (high - low) / count);
  return step === undefined ? ticks(low, high, count).filter((value) => value % 3600 === 0)
    : Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step);
}

const MINUTE = 60e3, HOUR = 3600e3, DAY = 86400e3;
const TIME_STEPS = [1e3, 5e3, 15e3, 30e3, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];

function timeTicks(low, high, count) {
  const step = TIME_STEPS.find((size) => size >= (high - low) / count) ?? TIME_STEPS.at(-1);
  const values = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) values.push(at);
  return { values, step };
}

/** "2014-04-10 12:05", UTC; as short as the step between two labels allows. */
function timeText(at, step) {
  const text = new Date(at).toISOString();
  if (step >= DAY) return text.slice(0, 10);
  if (step >= MINUTE) return at % DAY === 0 ? text.slice(5, 10) : text.slice(11, 16);
  return text.slice(11, 19);
}

/** Three significant digits at most: "1.25", "12.5", "1,250". */
function number(value) {
  if (value === null || value === undefined) return "–";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 120) return `${number(seconds)} s`;
  if (seconds < 5400) return `${number(seconds / 60)} min`;
  if (seconds < 172800) return `${number(seconds / 3600)} h`;
  return `${number(seconds / 86400)} d`;
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

/** The part of the indices that is seen between two instants, with a neighbour on each side. */
function seen(at, from, to) {
  return [Math.max(0, lowerBound(at, from) - 1), Math.min(at.length, lowerBound(at, to) + 1)];
}

/** An SVG path; `steps` holds a value until the next one, a missing value breaks the line. */
function path(at, values, [begin, end], x, y, steps) {
  let text = "", pen = false, last = 0;
  for (let i = begin; i < end; ++i) {
    if (values[i] === null) { pen = steps ? pen : false; continue; }
    const px = x(at[i]).toFixed(1), py = y(values[i]).toFixed(1);
    if (!pen) text += `M${px} ${py}`;
    else text += steps ? `H${px}V${py}` : (i - last > 1 ? `M${px} ${py}` : `L${px} ${py}`);
    pen = true;
    last = i;
  }
  return text;
}

/** A frame with grid and axes. Returns what a chart needs to draw into it. */
function frame(holder, options) {
  const { height, name, unit, low, high, from, to } = options;
  holder.append(caption(name, unit));
  const width = Math.max(280, holder.clientWidth || 900);
  const box = { left: 64, right: width - 12, top: 22, bottom: height - 22 };
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": `${name}, ${unit}` });
  const x = (at) => box.left + (at - from) / Math.max(1, to - from) * (box.right - box.left);
  const y = (value) => box.bottom - (value - low) / Math.max(1e-9, high - low) * (box.bottom - box.top);
  const labels = element("g");
  const marks = (options.ticks ?? ticks)(low, high, Math.max(2, Math.round(height / 45)));
  for (const value of marks) {
    svg.append(element("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }));
    labels.append(element("text", { x: box.left - 8, y: y(value) + 4, "text-anchor": "end" }, (options.label ?? number)(value)));
  }
  const { values, step } = timeTicks(from, to, Math.max(2, Math.floor(width / 130)));
  for (const at of values) {
    svg.append(element("line", { class: "grid", x1: x(at), x2: x(at), y1: box.top, y2: box.bottom }));
    labels.append(element("text", { x: x(at), y: height - 6, "text-anchor": "middle" }, timeText(at, step)));
  }
  svg.append(element("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }), labels);
  holder.append(svg);
  return { svg, box, x, y, width, labels };
}
