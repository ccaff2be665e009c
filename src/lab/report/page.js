// The page: what is drawn, and what happens when somebody points at it.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const keys = document.querySelectorAll("#summary .key");
data.runs.forEach((run, index) => {  // The table has given each its colour.
  run.paint = keys[index].className.replace("key", "line");
  run.style = keys[index].getAttribute("style");
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
  return html("span", { class: run.paint.replace("line", "key"), style: run.style });
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
  { id: "arrivals", name: "Arrivals", unit: "messages a minute", height: 140, once: true, columns: [["arrivals", arrivalsPerMinute]] },
  { id: "backlog", name: "Backlog", unit: "messages that wait", height: 170, columns: [["", (run) => run.backlog]] },
  { id: "tasks", name: "Tasks", unit: "running (line), desired (dashes)", height: 190, steps: true, columns: [["wanted", (run) => run.desired], ["", (run) => run.running]] },
  { id: "waiting", name: "Waiting time", unit: "the longest of each point; in red the objective", height: 190, label: duration, ticks: durationTicks, objective: true, columns: [["", (run) => run.waiting]] },
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
  const parts = drawParts(drawing);
  if (chart.objective) {
    lines.append(element("line", { class: "objective", x1: box.left, x2: box.right, y1: y(data.objective), y2: y(data.objective) }));
  }
  runs.toReversed().forEach((run, reversed) => {  // The first one on top.
    const r = runs.length - 1 - reversed;
    for (const [kind, column] of chart.columns) {
      let line = path(run.at, column(run), spans[r], x, y, chart.steps);
      if (kind === "arrivals") line += `V${box.bottom}H${x(run.at[spans[r][0]])}Z`;
      const paint = kind === "arrivals" ? { class: "arrivals" } : { class: `series ${kind} ${run.paint}`, style: run.style };
      lines.append(element("path", { d: line, ...paint }));
    }
  });
  const cross = element("line", { class: "cross", y1: box.top, y2: box.bottom, visibility: "hidden" });
  const brush = element("rect", { class: "brush", y: box.top, height: box.bottom - box.top, width: 0 });
  const plot = element("rect", { class: "plot", x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top });
  svg.append(clipping, ...parts, lines, cross, brush, plot);
  const panel = { svg, box, x, cross, brush, runs };
  panels.push(panel);
  listen(plot, panel);
  thinOut(svg);
}

/** The parts of the time that mean something, shaded, with their names where there is room. */
function drawParts({ svg, box, x, labels }) {
  return data.parts.flatMap((part) => {
    const left = Math.max(box.left, x(part.from)), right = Math.min(box.right, x(part.to));
    const shade = element("rect", { class: "part", x: left, y: box.top, width: Math.max(0, right - left), height: box.bottom - box.top });
    const name = element("text", { x: (left + right) / 2, y: box.top - 5, "text-anchor": "middle" }, part.name);
    labels.append(name);
    if (name.getComputedTextLength() > right - left) name.remove();
    return [shade];
  });
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
  drawWaits(data.runs.filter((run) => run.shown));
  drawHours(runs);
  placeCross(Number(byId("moment").value));
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
}

const instantText = (at) => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** What each of the runs was like at an instant, and what its scaler said of it. */
function toldAt(at, runs) {
  const table = html("table", {}, html("tr", {}, ...["", "backlog", "in flight", "desired", "running", "wait"].map((title) => html("th", {}, title))));
  const reasons = [];
  let arrivals = null;
  for (const run of runs) {
    const i = Math.min(lowerBound(run.at, at), run.at.length - 1);
    arrivals ??= arrivalsPerMinute(run)[i];
    table.append(html("tr", {}, html("td", {}, key(run), run.name),
      ...[run.backlog, run.in_flight, run.desired, run.running].map((column) => html("td", {}, number(column[i]))),
      html("td", {}, duration(run.waiting[i]))));
    let said = i;  // A moment without a pass goes on with what the latest one said.
    while (said > 0 && run.why[said] === "") --said;
    if (run.why[said] !== "") reasons.push(html("p", {}, key(run), run.why[said]));
  }
  return { arrivals, nodes: [html("div", { class: "scroll" }, table), ...reasons] };
}

function showTip(event, at, runs) {
  const tip = byId("tip");
  const { arrivals, nodes } = toldAt(at, runs);
  tip.replaceChildren(html("b", {}, `${instantText(at)}, ${number(arrivals)} arrivals a minute`), ...nodes);
  tip.hidden = false;
  const right = event.clientX + 16 + tip.offsetWidth > innerWidth;
  tip.style.left = `${right ? Math.max(4, event.clientX - 16 - tip.offsetWidth) : event.clientX + 16}px`;
  tip.style.top = `${Math.min(event.clientY + 16, Math.max(4, innerHeight - tip.offsetHeight - 8))}px`;
}

/** The line through all charts at the moment that is told below them. */
function placeCross(thousandths) {
  const at = view.from + (view.to - view.from) * thousandths / 1000;
  const { arrivals, nodes } = toldAt(at, charted.filter((run) => run.shown));
  byId("moment-at").textContent = `${instantText(at)}${arrivals === null ? "" : `, ${number(arrivals)} arrivals a minute`}`;
  byId("moment-told").replaceChildren(...nodes);
  for (const { cross, x } of panels) {
    cross.setAttribute("x1", x(at));
    cross.setAttribute("x2", x(at));
    cross.setAttribute("visibility", "visible");
  }
}

async function copy(button) {
  const block = byId(button.dataset.block);
  try {
    await navigator.clipboard.writeText(block.textContent);
  } catch {  // A page that is not served securely may only copy what is selected.
    getSelection().selectAllChildren(block);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
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
    byId("moment").value = Math.round((px - box.left) / (box.right - box.left) * 1000);
    placeCross(Number(byId("moment").value));
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
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  byId("plane-section").hidden = data.runs.length === 0;
  if (data.runs.length > 0) drawPlane();
  if (charted.length === 0) {
    byId("over-time").hidden = byId("hours-section").hidden = true;
    drawWaits(data.runs.filter((run) => run.shown));
    return;
  }
  byId("hours-section").hidden = whole.to - whole.from < DAY;
  const grain = Math.max(...charted.map((run) => (run.at.at(-1) - run.at[0]) / (run.at.length - 1))) / 1000;
  byId("grain").textContent = `A point is ${duration(grain)}: the highest of that time.`;
  byId("moment").addEventListener("input", (event) => placeCross(Number(event.currentTarget.value)));
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
