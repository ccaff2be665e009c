// Charts that are not over time: cost against waiting, how long messages wait, hours of the day.

const WAITS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 43200, 86400,
  2 * 86400, 5 * 86400, 10 * 86400, 30 * 86400];

function logTicks(low, high) {
  const values = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power;
      if (value >= low && value <= high) values.push(value);
    }
  }
  return values;
}

function logScale(values, margin = 1.4) {
  const low = Math.min(...values) / margin, high = Math.max(...values) * margin;
  return { low, high, part: (value) => Math.log(value / low) / Math.log(high / low) };
}

function caption(name, unit) {
  const made = document.createElement("figcaption");
  const bold = document.createElement("b");
  bold.textContent = name;
  made.append(bold, " ", unit);
  return made;
}

/** Removes labels that would touch one that stands before them. */
function thinOut(svg) {
  const kept = [];
  const limits = svg.getBoundingClientRect();
  for (const text of svg.querySelectorAll("text")) {
    const box = text.getBoundingClientRect();
    const hit = kept.some((other) => box.left < other.right + 4 && other.left < box.right + 4 &&
      box.top < other.bottom && other.top < box.bottom);
    if (hit || box.right > limits.right + 1 || box.left < limits.left - 1) text.remove(); else kept.push(box);
  }
}

const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Where a label may stand: beside its point first, then farther round it. */
function* places(x, y, width, height) {
  for (const radius of [0, 14, 28, 44, 62, 84, 110]) {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]]) {
      const middle = { x: x + dx * (11 + radius), y: y + dy * (11 + radius) };
      yield { radius, x: dx > 0 ? middle.x : dx < 0 ? middle.x - width : middle.x - width / 2,
        y: middle.y - height / 2, width, height };
    }
  }
}

/** Each point's name where there is room for it; where there is none, the table still has it. */
function placeLabels(svg, points, bounds, taken) {
  const dots = points.map(({ x, y }) => ({ x: x - 8, y: y - 8, width: 16, height: 16 }));
  for (const { x, y, name } of points) {
    const text = element("text", { class: "halo" }, name);
    svg.append(text);
    while (text.getComputedTextLength() > bounds.width * 0.45 && text.textContent.length > 4) {
      text.textContent = `${text.textContent.replace("…", "").slice(0, -1)}…`;
    }
    const width = text.getComputedTextLength(), height = 15;
    const place = places(x, y, width, height).find((box) => box.x >= bounds.x && box.y >= bounds.y &&
      box.x + width <= bounds.x + bounds.width && box.y + height <= bounds.y + bounds.height &&
      ![...taken, ...dots].some((other) => overlap(box, other)));
    if (!place) { text.remove(); continue; }
    taken.push(place);
    text.setAttribute("x", place.x);
    text.setAttribute("y", place.y + height - 4);
    if (place.radius > 0) {
      const nearest = { x: Math.min(Math.max(x, place.x), place.x + width), y: y < place.y ? place.y : y > place.y + height ? place.y + height : y };
      text.before(element("line", { class: "leader", x1: x, y1: y, x2: nearest.x, y2: nearest.y }));
    }
  }
}

function drawPlane() {
  const holder = byId("plane");
  holder.replaceChildren();
  const losing = data.runs.filter((run) => run.loses);  // Their waits are those of what is left.
  const runs = losing.length < data.runs.length ? data.runs.filter((run) => !run.loses) : data.runs;
  const priced = runs.every((run) => run.figures.month !== undefined);
  const unit = priced ? `${data.currency} a month` : "task-hours";
  const cost = (run) => Math.max(1e-2, priced ? run.figures.month : run.figures.task_hours);
  const wait = (run) => Math.max(0.1, run.figures.p95);
  holder.append(caption("Waiting time p95", `over ${unit}, both logarithmic; down and left is better` +
    (losing.length > 0 && runs !== data.runs ? `. Not shown, for messages are lost: ${losing.map((run) => run.name).join(", ")}` : "")));
  const width = Math.max(280, holder.clientWidth || 900), height = 340;
  const box = { left: 64, right: width - 12, top: 8, bottom: height - 26 };
  const across = logScale(runs.map(cost));
  const up = logScale([...runs.map(wait), Math.max(1, data.objective)]);
  const x = (value) => box.left + across.part(value) * (box.right - box.left);
  const y = (value) => box.bottom - up.part(value) * (box.bottom - box.top);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": `Waiting time p95 over ${unit}, one point a policy; down and left is better` });
  holder.append(svg);
  for (const value of WAITS.filter((wait) => wait >= up.low && wait <= up.high)) {
    svg.append(element("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
      element("text", { x: box.left - 8, y: y(value) + 4, "text-anchor": "end" }, duration(value)));
  }
  const wanted = across.high > 8 * across.low ? logTicks(across.low, across.high) : ticks(across.low, across.high, 6);
  for (const value of wanted) {
    svg.append(element("line", { class: "grid", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }),
      element("text", { x: x(value), y: box.bottom + 18, "text-anchor": "middle" }, number(value)));
  }
  thinOut(svg);
  const limit = y(data.objective);
  const name = element("text", { class: "objective-name", x: box.left + 6, y: limit - 5 }, `objective ${duration(data.objective)}`);
  svg.append(element("line", { class: "objective", x1: box.left, x2: box.right, y1: limit, y2: limit }), name);
  const points = runs.map((run) => ({ x: x(cost(run)), y: y(wait(run)), name: run.name }));
  runs.forEach((run, index) => {
    const { x: cx, y: cy } = points[index];
    const dot = element("circle", { cx, cy, r: run.unbeaten ? 7 : 5, class: `dot ${run.paint}`, style: run.style });
    dot.append(element("title", {}, `${run.name}: p95 ${duration(run.figures.p95)}, ${number(cost(run))} ${unit}`));
    svg.append(dot);
  });
  placeLabels(svg, points, { x: box.left + 4, y: box.top, width: box.right - box.left - 4, height: box.bottom - box.top },
    [{ x: box.left + 6, y: limit - 17, width: name.getComputedTextLength(), height: 15 }]);
}

/** What share of the messages waited at most so long. */
function drawWaits(runs) {
  const holder = byId("waits");
  const shown = runs.filter((run) => run.waits.length > 1);
  byId("waits-section").hidden = data.runs.every((run) => run.waits.length < 2);
  holder.replaceChildren();
  if (shown.length === 0) return;
  holder.append(caption("Share of the messages", "that waited at most so long (logarithmic); up and left is better"));
  const width = Math.max(280, holder.clientWidth || 900), height = 260;
  const box = { left: 64, right: width - 12, top: 10, bottom: height - 26 };
  const least = 0.5, across = logScale([least, data.objective, ...shown.map((run) => run.waits.at(-1))], 1.1);
  const x = (value) => box.left + across.part(Math.max(least, value)) * (box.right - box.left);
  const y = (share) => box.bottom - share * (box.bottom - box.top);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "Share of the messages that waited at most so long" });
  holder.append(svg);
  for (const share of [0, 0.25, 0.5, 0.75, 0.95]) {
    svg.append(element("line", { class: "grid", x1: box.left, x2: box.right, y1: y(share), y2: y(share) }),
      element("text", { x: box.left - 8, y: y(share) + 4, "text-anchor": "end" }, `${share * 100} %`));
  }
  for (const value of WAITS.filter((wait) => wait >= across.low && wait <= across.high)) {
    svg.append(element("line", { class: "grid", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }),
      element("text", { x: x(value), y: box.bottom + 18, "text-anchor": "middle" }, duration(value)));
  }
  thinOut(svg);
  const limit = x(data.objective), right = limit > (box.left + box.right) / 2;
  svg.append(element("line", { class: "objective", x1: limit, x2: limit, y1: box.top, y2: box.bottom }),
    element("text", { class: "objective-name", x: limit + (right ? -6 : 6), y: box.bottom - 8, "text-anchor": right ? "end" : "start" }, `objective ${duration(data.objective)}`));
  for (const run of shown.toReversed()) {
    const line = run.waits.map((wait, i) => `${i === 0 ? "M" : "L"}${x(wait).toFixed(1)} ${y(i / (run.waits.length - 1)).toFixed(1)}`).join("");
    svg.append(element("path", { class: `series ${run.paint}`, style: run.style, d: line }));
  }
}

/** Means of the hours 0 to 23 (UTC), each moment counting for as long as it stands. */
function byHour(run, value) {
  const sums = new Array(24).fill(0), times = new Array(24).fill(0);
  for (let i = 1; i < run.at.length; ++i) {
    const hour = new Date(run.at[i]).getUTCHours(), length = run.at[i] - run.at[i - 1];
    sums[hour] += value(run, i, length) * length;
    times[hour] += length;
  }
  return sums.map((sum, hour) => times[hour] > 0 ? sum / times[hour] : null);
}

function longestByHour(run) {
  const longest = new Array(24).fill(null);
  run.at.forEach((at, i) => {
    const hour = new Date(at).getUTCHours();
    if (run.waiting[i] !== null) longest[hour] = Math.max(longest[hour] ?? 0, run.waiting[i]);
  });
  return longest;
}

const HOURS = [
  { name: "Arrivals", unit: "messages an hour, mean", once: true,
    values: (run) => byHour(run, (of, i, length) => length > 0 ? of.arrived[i] * HOUR / length : 0) },
  { name: "Tasks", unit: "running, mean", values: (run) => byHour(run, (of, i) => of.running[i]) },
  { name: "Waiting time", unit: "the longest of all days", values: longestByHour, label: duration, ticks: durationTicks, objective: true },
];

function drawHours(runs) {
  const holder = byId("hours");
  holder.replaceChildren();
  for (const chart of HOURS) {
    const figure = document.createElement("figure");
    figure.append(caption(chart.name, chart.unit));
    holder.append(figure);
    const lines = (chart.once ? runs.slice(0, 1) : runs).map((run) => [run, chart.values(run)]);
    const high = Math.max(chart.objective ? data.objective * 1.2 : 0, 1e-6, ...lines.flatMap(([, values]) => values.map((value) => value ?? 0)));
    const width = Math.max(280, figure.clientWidth || 900), height = 150;
    const box = { left: 64, right: width - 12, top: 8, bottom: height - 24 };
    const x = (hour) => box.left + hour / 24 * (box.right - box.left);
    const y = (value) => box.bottom - value / (high * 1.05) * (box.bottom - box.top);
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": `${chart.name} by hour of the day, ${chart.unit}` });
    figure.append(svg);
    for (const value of (chart.ticks ?? ticks)(0, high * 1.05, 3)) {
      svg.append(element("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
        element("text", { x: box.left - 8, y: y(value) + 4, "text-anchor": "end" }, (chart.label ?? number)(value)));
    }
    for (let hour = 0; hour <= 24; hour += 3) {
      svg.append(element("text", { x: x(hour), y: height - 6, "text-anchor": hour === 24 ? "end" : "middle" }, hour === 24 ? "24 UTC" : String(hour)));
    }
    thinOut(svg);
    if (chart.objective) svg.append(element("line", { class: "objective", x1: box.left, x2: box.right, y1: y(data.objective), y2: y(data.objective) }));
    for (const [run, values] of lines.toReversed()) {
      let line = "";
      values.forEach((value, hour) => {
        if (value !== null) line += `${line === "" ? "M" : "L"}${x(hour).toFixed(1)} ${y(value).toFixed(1)}H${x(hour + 1).toFixed(1)}`;
      });
      if (chart.once && line !== "") line += `V${box.bottom}H${x(0)}Z`;
      svg.append(element("path", chart.once ? { class: "arrivals", d: line } : { class: `series ${run.paint}`, style: run.style, d: line }));
    }
  }
}
