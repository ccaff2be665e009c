// The page: what is drawn, and what happens when somebody points at it.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const keys = document.querySelectorAll("#summary .key");
data.runs.forEach((run, index) => {  // The table has given each its colour.
  run.paint = keys[index].className.replace("key", "line");
  run.style = keys[index].getAttribute("style");
  run.key = keys[index];
});
const charted = data.runs.filter((run) => run.at.length > 1);
const whole = {
  from: Math.min(...charted.map((run) => run.at[0])),
  to: Math.max(...charted.map((run) => run.at.at(-1))),
};
const view = { split: false };

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
  { id: "arrivals", name: "Arrivals", unit: "messages a minute", once: true, columns: [{ of: arrivalsPerMinute, color: "--area", fill: true }] },
  { id: "backlog", name: "Backlog", unit: "messages that wait", columns: [{ of: (run) => run.backlog }] },
  { id: "tasks", name: "Tasks", unit: "running (line), desired (dashes)", columns: [{ of: (run) => run.desired, steps: true, dash: [3, 3], width: 1 }, { of: (run) => run.running, steps: true }] },
  { id: "waiting", name: "Waiting time", unit: "the longest of each point; in red the objective", label: duration, ticks: durationTicks, floor: data.objective * 1.2, limit: { value: data.objective, color: "--objective" }, columns: [{ of: (run) => run.waiting }] },
];

const over = new TimeCharts({ onPoint: pointed, onShow: () => refresh() });

/** The columns of several runs, each of which was looked at in its own moments, over one time. */
function rowsOf(columns) {
  const rows = new Map();
  columns.forEach(({ run, values }, place) => {
    run.at.forEach((at, i) => {
      let row = rows.get(at);
      if (row === undefined) rows.set(at, row = [at, ...columns.map(() => null)]);
      row[place + 1] = values[i] ?? NaN;
    });
  });
  return [...rows.values()].sort((a, b) => a[0] - b[0]);
}

function makeChart(chart, runs, suffix) {
  const holder = html("div", { class: data.parts.length ? "chart parted" : "chart", "data-chart": chart.id });
  holder.append(caption(chart.name + suffix, chart.unit));
  byId("charts").append(holder);
  const columns = runs.toReversed().flatMap((run) => chart.columns.map((column, i) => ({  // The first one on top.
    ...column, run, values: column.of(run), name: `${data.runs.indexOf(run)}.${i}`,
    color: column.color ?? (() => rgb(getComputedStyle(run.key).backgroundColor)),
  })));
  const made = over.add(holder, { ...chart, name: `${chart.name}${suffix}, ${chart.unit}`, series: columns, joined: true, parts: data.parts });
  made.rows = rowsOf(columns);
}

/** What stands beside the charts, for the time that they show. */
function refresh() {
  const runs = charted.filter((run) => run.shown), [from, to] = over.seen();
  hideTip();
  drawWaits(data.runs.filter((run) => run.shown));
  drawHours(runs);
  placeCross(Number(byId("moment").value));
  byId("range").textContent = `${instantText(from).slice(0, -4)} to ${instantText(to)}, ${duration((to - from) / 1000)}`;
}

function drawCharts() {
  over.draw();
  refresh();
}

/** Which charts there are: again when other policies are chosen, or side by side. */
function makeCharts() {
  over.clear();
  const runs = charted.filter((run) => run.shown);
  for (const chart of runs.length > 0 ? CHARTS : []) {
    if (chart.once) makeChart(chart, runs.slice(0, 1), "");
    else if (!view.split) makeChart(chart, runs, "");
    else for (const run of runs) makeChart(chart, [run], ` – ${run.name}`);
  }
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
    while (said > 0 && run.why[said] === 0) --said;
    if (run.why[said] !== 0) reasons.push(html("p", {}, key(run), run.reasons[run.why[said]]));
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
  const [from, to] = over.seen();
  const at = from + (to - from) * thousandths / 1000;
  const { arrivals, nodes } = toldAt(at, charted.filter((run) => run.shown));
  byId("moment-at").textContent = `${instantText(at)}${arrivals === null ? "" : `, ${number(arrivals)} arrivals a minute`}`;
  byId("moment-told").replaceChildren(...nodes);
  over.mark(at);
}

/** Somebody points at a moment of the charts, or at none. */
function pointed(at, event) {
  if (at === null) {
    hideTip();
    return;
  }
  const [from, to] = over.seen();
  byId("moment").value = Math.round((at - from) / (to - from) * 1000);
  placeCross(Number(byId("moment").value));
  showTip(event, at, charted.filter((run) => run.shown));
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
      makeCharts();
    });
    byId("legend").append(button);
  }
  byId("split").addEventListener("click", (event) => {
    view.split = !view.split;
    event.currentTarget.setAttribute("aria-pressed", String(view.split));
    makeCharts();
  });
  for (const button of document.querySelectorAll("#tools [data-key]")) {
    button.addEventListener("click", () => over.key(button.dataset.key));
  }
  byId("charts").addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && over.key(event.key)) event.preventDefault();
  });
  over.span(whole.from, whole.to);
  makeCharts();
  let pending = 0;
  const redraw = () => { drawPlane(); drawCharts(); };
  addEventListener("resize", () => { cancelAnimationFrame(pending); pending = requestAnimationFrame(redraw); });
  addEventListener("beforeprint", redraw);
}

start();
