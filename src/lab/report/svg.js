// Drawing what is not over time, in SVG. Knows nothing of policies.

const SVG = "http://www.w3.org/2000/svg";
const HOUR = 3600e3;

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
