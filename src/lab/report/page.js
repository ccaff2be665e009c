// The page: what is drawn, and what happens when somebody points at it.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#7b5cd6", "#8c564b"];
data.runs.forEach((run, index) => {
  run.color = COLORS[index % COLORS.length];
  run.shown = index < 4;
});
const charted = data.runs.filter((run) => run.at.length > 1);
const whole = {
  from: Math.min(...charted.map((run) => run.at[0])),
  to: Math.max(...charted.map((run) => run.at.at(-1))),
};
const view = { ...whole, split: false };

function html(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function key(run) {
  return html("span", { class: "key", style: `background:${run.color}` });
}

// --- summary ------------------------------------------------------------------------------------

const COLUMNS = [
  ["wait p50", "p50", duration, -1], ["p95", "p95", duration, -1], ["p99", "p99", duration, -1],
  ["max", "max", duration, -1],
  [`within ${duration(data.objective)}`, "within", (share) => `${(100 * share).toFixed(1)} %`, 1],
  ["task-hours", "task_hours", number, -1],
  [`price, ${data.currency}`, "price", (price) => price === undefined ? "–" : price.toFixed(2), -1],
  ["scaling actions", "actions", number, 0], ["direction changes", "direction_changes", number, 0],
  ["most tasks", "peak", number, 0], ["busy tasks stopped", "killed", number, 0],
  ["messages lost", "lost", number, 0],
];

/** Nobody waits less for the same or less. */
function unbeaten(run) {
  const mine = run.figures;
  return mine.lost === 0 && !data.runs.some(({ figures }) => figures.lost === 0 &&
    figures.p95 <= mine.p95 && figures.task_hours <= mine.task_hours &&
    (figures.p95 < mine.p95 || figures.task_hours < mine.task_hours));
}

function drawSummary() {
  const columns = COLUMNS.filter(([, field]) => data.runs.some((run) => run.figures[field] !== undefined));
  const head = html("tr", {}, html("th", { scope: "col" }, "policy"));
  const best = {};
  for (const [title, field, , sign] of columns) {
    head.append(html("th", { scope: "col" }, title));
    const honest = data.runs.filter((run) => run.figures.lost === 0).map((run) => run.figures[field]);
    if (sign !== 0 && honest.length > 1) best[field] = sign > 0 ? Math.max(...honest) : Math.min(...honest);
  }
  const body = html("tbody");
  for (const run of data.runs) {
    const row = html("tr", {}, html("td", {}, key(run), (unbeaten(run) ? "★ " : "") + run.name));
    if (run.note !== "") byId("notes").append(html("li", {}, key(run), html("b", {}, run.name), `: ${run.note}`));
    for (const [, field, format] of columns) {
      const value = run.figures[field];
      const bad = field === "lost" && value > 0;
      row.append(html("td", { class: bad ? "bad" : value === best[field] ? "best" : "" }, format(value)));
    }
    body.append(row);
  }
  byId("summary").append(html("thead", {}, head), body);
}

// --- cost and waiting ---------------------------------------------------------------------------

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

const WAITS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 43200, 86400,
  2 * 86400, 5 * 86400, 10 * 86400, 30 * 86400];

function planeScale(values) {
  const low = Math.min(...values) / 1.4, high = Math.max(...values) * 1.4;
  return { low, high, part: (value) => Math.log(value / low) / Math.log(high / low) };
}

function drawPlane() {
  const holder = byId("plane");
  holder.replaceChildren();
  const priced = data.runs.every((run) => run.figures.price !== undefined);
  const cost = (run) => Math.max(1e-3, priced ? run.figures.price : run.figures.task_hours);
  const wait = (run) => Math.max(0.1, run.figures.p95);
  const width = Math.max(320, holder.clientWidth || 900), height = 330;
  const box = { left: 64, right: width - 24, top: 24, bottom: height - 44 };
  const across = planeScale(data.runs.map(cost));
  const up = planeScale([...data.runs.map(wait), Math.max(1, data.objective)]);
  const x = (value) => box.left + across.part(value) * (box.right - box.left);
  const y = (value) => box.bottom - up.part(value) * (box.bottom - box.top);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": "Waiting time p95 over cost, one point a policy; down and left is better" });
  for (const value of WAITS.filter((wait) => wait >= up.low && wait <= up.high)) {
    svg.append(element("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
      element("text", { x: box.left - 8, y: y(value) + 4, "text-anchor": "end" }, duration(value)));
  }
  let wanted = logTicks(across.low, across.high);
  if (wanted.length < 3) wanted = ticks(across.low, across.high, 6);
  for (const value of wanted) {
    svg.append(element("line", { class: "grid", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }),
      element("text", { x: x(value), y: box.bottom + 16, "text-anchor": "middle" }, number(value)));
  }
  const title = element("text", { x: 0, y: 13 });
  title.append(element("tspan", { class: "name" }, "Waiting time p95"), element("tspan", { dx: 8 }, "logarithmic; down and left is better"));
  svg.append(title, element("text", { x: box.right, y: height - 8, "text-anchor": "end" },
    priced ? `price of the tasks, ${data.currency}, logarithmic` : "task-hours, logarithmic"));
  svg.append(element("line", { class: "objective", x1: box.left, x2: box.right, y1: y(data.objective), y2: y(data.objective) }),
    element("text", { class: "objective-name", x: box.left + 6, y: y(data.objective) - 5 }, `objective ${duration(data.objective)}`));
  const taken = [];
  for (const run of data.runs) {
    const px = x(cost(run)), py = y(wait(run));
    const dot = element("circle", { cx: px, cy: py, r: unbeaten(run) ? 7 : 5, fill: run.color, class: "dot", tabindex: 0 });
    dot.append(element("title", {}, `${run.name}: p95 ${duration(run.figures.p95)}, ${number(cost(run))} ${priced ? data.currency : "task-hours"}`));
    const left = px > (box.left + box.right) / 2;
    let ly = py + 4;
    while (taken.some(([tx, ty]) => Math.abs(tx - px) < 150 && Math.abs(ty - ly) < 14)) ly += 14;
    taken.push([px, ly]);
    svg.append(dot, element("text", { x: px + (left ? -11 : 11), y: ly, class: "halo", "text-anchor": left ? "end" : "start" }, run.name));
  }
  holder.append(svg);
}

// --- over time ----------------------------------------------------------------------------------

/** Messages a minute of each moment of a run, from the counts. */
function arrivalsPerMinute(run) {
  run.per_minute ??= run.arrived.map((count, i) => {
    const length = i > 0 ? run.at[i] - run.at[i - 1] : run.at[1] - run.at[0];
    return length > 0 ? count * MINUTE / length : 0;
  });
  return run.per_minute;
}

const CHARTS = [
  { id: "arrivals", name: "Arrivals", unit: "messages a minute", height: 130, once: true, columns: [["arrivals", arrivalsPerMinute]] },
  { id: "backlog", name: "Backlog", unit: "messages that wait", height: 170, columns: [["", (run) => run.backlog]] },
  { id: "tasks", name: "Tasks", unit: "running (line), desired (dashes)", height: 190, steps: true, columns: [["wanted", (run) => run.desired], ["", (run) => run.running]] },
  { id: "waiting", name: "Waiting time", unit: "longest of each point; the line in red is the objective", height: 190, label: duration, ticks: durationTicks, objective: true, columns: [["", (run) => run.waiting]] },
];

const panels = [];

function drawChart(chart, runs, suffix) {
  const holder = html("div", { class: "chart", "data-chart": chart.id });
  byId("charts").append(holder);
  let high = chart.objective ? data.objective * 1.2 : 1;
  const spans = runs.map((run) => seen(run.at, view.from, view.to));
  runs.forEach((run, r) => {
    for (const [, column] of chart.columns) {
      for (let i = spans[r][0]; i < spans[r][1]; ++i) high = Math.max(high, column(run)[i] ?? 0);
    }
  });
  const drawing = frame(holder, { ...chart, name: chart.name + suffix, low: 0, high: high * 1.05, from: view.from, to: view.to });
  const { svg, box, x, y } = drawing;
  const clip = `clip-${panels.length}`;
  const clipping = element("clipPath", { id: clip });
  clipping.append(element("rect", { x: box.left, y: box.top - 2, width: box.right - box.left, height: box.bottom - box.top + 3 }));
  const lines = element("g", { "clip-path": `url(#${clip})` });
  if (chart.objective) {
    lines.append(element("line", { class: "objective", x1: box.left, x2: box.right, y1: y(data.objective), y2: y(data.objective) }));
  }
  runs.toReversed().forEach((run, reversed) => {  // The first one on top.
    const r = runs.length - 1 - reversed;
    for (const [kind, column] of chart.columns) {
      let line = path(run.at, column(run), spans[r], x, y, chart.steps);
      if (kind === "arrivals") line += `V${box.bottom}H${x(run.at[spans[r][0]])}Z`;
      const paint = kind === "arrivals" ? {} : { stroke: run.color };
      lines.append(element("path", { class: kind === "arrivals" ? "arrivals" : `series ${kind}`, d: line, ...paint }));
    }
  });
  const cross = element("line", { class: "cross", y1: box.top, y2: box.bottom, visibility: "hidden" });
  const brush = element("rect", { class: "brush", y: box.top, height: box.bottom - box.top, width: 0 });
  const plot = element("rect", { class: "plot", x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top });
  svg.append(clipping, lines, cross, brush, plot);
  const panel = { svg, box, x, cross, brush, runs };
  panels.push(panel);
  listen(plot, panel);
}

function drawCharts() {
  byId("charts").replaceChildren();
  panels.length = 0;
  const runs = charted.filter((run) => run.shown);
  if (runs.length > 0) {
    for (const chart of CHARTS) {
      if (chart.once) drawChart(chart, runs.slice(0, 1), "");
      else if (!view.split) drawChart(chart, runs, "");
      else for (const run of runs) drawChart(chart, [run], ` – ${run.name}`);
    }
  }
  const text = (at) => new Date(at).toISOString().slice(0, 19).replace("T", " ");
  byId("range").textContent = `${text(view.from)} to ${text(view.to)} UTC, ${duration((view.to - view.from) / 1000)}`;
}

function show(from, to) {
  const least = Math.min(MINUTE, whole.to - whole.from);
  const length = Math.min(Math.max(to - from, least), whole.to - whole.from);
  view.from = Math.min(Math.max(from, whole.from), whole.to - length);
  view.to = view.from + length;
  hideTip();
  drawCharts();
}

// --- pointer and keys ---------------------------------------------------------------------------

function hideTip() {
  byId("tip").hidden = true;
  for (const panel of panels) panel.cross.setAttribute("visibility", "hidden");
}

function showTip(event, at, runs) {
  const tip = byId("tip");
  const table = html("table", {}, html("tr", {}, ...["", "backlog", "in flight", "desired", "running", "wait"].map((title) => html("th", {}, title))));
  let arrivals = null;
  for (const run of runs) {
    const i = Math.min(lowerBound(run.at, at), run.at.length - 1);
    arrivals ??= arrivalsPerMinute(run)[i];
    table.append(html("tr", {}, html("td", {}, key(run), run.name),
      ...[run.backlog, run.in_flight, run.desired, run.running].map((column) => html("td", {}, number(column[i]))),
      html("td", {}, duration(run.waiting[i]))));
  }
  const when = new Date(at).toISOString().slice(0, 19).replace("T", " ");
  tip.replaceChildren(html("b", {}, `${when} UTC, ${number(arrivals)} arrivals a minute`), table);
  tip.hidden = false;
  const right = event.clientX + 16 + tip.offsetWidth > innerWidth;
  tip.style.left = `${right ? Math.max(4, event.clientX - 16 - tip.offsetWidth) : event.clientX + 16}px`;
  tip.style.top = `${Math.min(event.clientY + 16, Math.max(4, innerHeight - tip.offsetHeight - 8))}px`;
}

function listen(plot, panel) {
  const { svg, box } = panel;
  let start = null;
  const place = (event) => {
    const rect = svg.getBoundingClientRect();
    const px = (event.clientX - rect.left) * svg.viewBox.baseVal.width / rect.width;
    return Math.min(Math.max(px, box.left), box.right);
  };
  const instant = (px) => view.from + (px - box.left) / (box.right - box.left) * (view.to - view.from);
  plot.addEventListener("pointerdown", (event) => {
    start = place(event);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    const px = place(event);
    for (const { cross } of panels) {
      cross.setAttribute("x1", px);
      cross.setAttribute("x2", px);
      cross.setAttribute("visibility", "visible");
    }
    showTip(event, instant(px), charted.filter((run) => run.shown));
    if (start !== null) {
      panel.brush.setAttribute("x", Math.min(start, px));
      panel.brush.setAttribute("width", Math.abs(px - start));
    }
  });
  plot.addEventListener("pointerup", (event) => {
    const from = start, to = place(event);
    start = null;
    panel.brush.setAttribute("width", 0);
    if (from !== null && Math.abs(to - from) > 6) show(instant(Math.min(from, to)), instant(Math.max(from, to)));
  });
  plot.addEventListener("pointercancel", () => { start = null; panel.brush.setAttribute("width", 0); });
  plot.addEventListener("pointerleave", hideTip);
  plot.addEventListener("dblclick", () => show(whole.from, whole.to));
}

function press(name) {
  const length = view.to - view.from, middle = (view.from + view.to) / 2;
  if (name === "ArrowLeft") show(view.from - length / 4, view.to - length / 4);
  else if (name === "ArrowRight") show(view.from + length / 4, view.to + length / 4);
  else if (name === "+" || name === "=") show(middle - length / 4, middle + length / 4);
  else if (name === "-") show(middle - length, middle + length);
  else if (name === "0" || name === "Escape" || name === "Home") show(whole.from, whole.to);
  else return false;
  return true;
}

function start() {
  document.title = data.title;
  byId("title").textContent = data.title;
  byId("subtitle").textContent = data.subtitle;
  byId("facts").append(...data.facts.map((fact) => html("li", {}, fact)));
  drawSummary();
  if (data.runs.length > 0) drawPlane();
  if (charted.length === 0) {
    byId("over-time").hidden = true;
    return;
  }
  for (const run of charted) {
    const button = html("button", { type: "button", "aria-pressed": String(run.shown) }, key(run), run.name);
    button.addEventListener("click", () => {
      run.shown = !run.shown;
      button.setAttribute("aria-pressed", String(run.shown));
      drawCharts();
    });
    byId("legend").append(button);
  }
  byId("split").addEventListener("click", (event) => {
    view.split = !view.split;
    event.currentTarget.setAttribute("aria-pressed", String(view.split));
    drawCharts();
  });
  for (const button of document.querySelectorAll("#tools [data-key]")) {
    button.addEventListener("click", () => press(button.dataset.key));
  }
  byId("charts").addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && press(event.key)) event.preventDefault();
  });
  drawCharts();
  let pending = 0;
  const redraw = () => { drawPlane(); drawCharts(); };
  addEventListener("resize", () => { cancelAnimationFrame(pending); pending = requestAnimationFrame(redraw); });
  addEventListener("beforeprint", redraw);
}

start();
