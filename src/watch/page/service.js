"use strict";
// One service over time: two charts, and why the count was what it was at any moment.

const LINES = [
  { key: "visible", name: "visible", chart: 0, color: "--visible", fill: true },
  { key: "in_flight", name: "in flight", chart: 0, color: "--in-flight" },
  { key: "delayed", name: "delayed", chart: 0, color: "--delayed", dash: [4, 3] },
  { key: "desired", name: "desired", chart: 1, color: "--desired", steps: true, width: 2 },
  { key: "running", name: "running", chart: 1, color: "--running", steps: true, fill: true },
  { key: "pending", name: "pending", chart: 1, color: "--pending", steps: true, dash: [4, 3] },
  { key: "instances", name: "instances", chart: 1, color: "--instances", steps: true, dash: [2, 2] },
];
const CHARTS = [{ name: "Messages", note: "in the queues" }, { name: "Tasks", note: "of the service" }];
const CHANGES_SHOWN = 30;

const view = { id: null, row: null, points: [], decisions: [], hidden: new Set(["delayed", "pending"]), chosen: null, asked: false, again: false };
const charts = new TimeCharts({ onPoint: (at) => pointAt(at), onShow: () => showRange() });

const stamp = (at) => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** Columns to points; a point whose beginning is known already goes on. */
function takePoints(told) {
  told.from.forEach((from, i) => {
    const point = { from, until: told.until[i], action: told.action[i], error: told.error[i], steps: told.decisions[told.steps[i]] };
    for (const { key } of LINES) point[key] = told[key][i];
    if (view.points.at(-1)?.from === from) view.points[view.points.length - 1] = point;
    else view.points.push(point);
  });
}

/** As lines: a point lasts from its first look to its last, and where nobody looked there is nothing. */
function rowsOf(lines) {
  const rows = [], gap = Math.max(4 * fleet.everyMs, 5000);
  view.points.forEach((point, i) => {
    const values = lines.map((line) => (view.hidden.has(line.key) ? null : point[line.key]));
    const before = view.points[i - 1];
    if (before && point.from - before.until > gap) rows.push([before.until + 1, ...lines.map(() => null)]);
    rows.push([point.from, ...values]);
    if (point.until > point.from) rows.push([point.until, ...values]);
  });
  return rows;
}

function makeCharts() {
  if (charts.charts.length) return;
  CHARTS.forEach((one, i) => {
    const holder = make("div", { class: "chart" }, make("h3", {}, `${one.name} `, make("small", {}, one.note)));
    byId("charts").append(holder);
    charts.add(holder, { name: `${one.name} over time`, series: LINES.filter((line) => line.chart === i), floor: 4 });
  });
}

function drawCharts() {
  if (view.points.length === 0) return;
  charts.charts.forEach((chart, i) => { chart.rows = rowsOf(LINES.filter((line) => line.chart === i)); });
  charts.span(view.points[0].from, Math.max(view.points.at(-1).until, view.points[0].from + 60e3));
  charts.draw();
  showRange();
}

function showRange() {
  const [from, to] = charts.seen();
  setText(byId("range"), view.points.length ? `${stamp(from)} to ${stamp(to)}` : "");
}

function showLegend() {
  const known = LINES.filter((line) => view.points.some((point) => point[line.key] !== null));
  const holder = byId("legend");
  const shown = known.map((line) => `${line.key}${view.hidden.has(line.key)}`).join();
  if (holder.dataset.shown === shown) return;
  const focused = holder.contains(document.activeElement) ? document.activeElement.dataset.line : null;
  holder.dataset.shown = shown;
  holder.replaceChildren(...known.map((line) => {
    const key = make("span", { class: "key" });
    key.style.background = `var(${line.color})`;
    const button = make("button", { type: "button", "data-line": line.key, "aria-pressed": String(!view.hidden.has(line.key)) }, key, line.name);
    button.addEventListener("click", () => {
      if (!view.hidden.delete(line.key)) view.hidden.add(line.key);
      showLegend();
      drawCharts();
    });
    return button;
  }));
  if (focused) holder.querySelector(`[data-line="${focused}"]`)?.focus();
}

function showFacts() {
  const { row } = view, now = serverNow();
  setText(byId("service-name"), nameOf(row));
  byId("service-name").append(" ", stateMark(row.state));
  setText(byId("service-place"), placeOf(row));
  const known = (value) => (value === undefined ? "unknown" : number(value));
  byId("facts").replaceChildren(
    card("Messages visible", known(row.visible)),
    card("In flight", known(row.in_flight), row.delayed ? `${number(row.delayed)} delayed` : ""),
    card("Tasks running", known(row.running), row.pending ? `${number(row.pending)} pending` : ""),
    card("Tasks desired", known(row.desired)),
    ...(row.instances === undefined ? [] : [card("Instances", number(row.instances))]),
    card("Last change", changeOf(row, now)),
    card("Why", whyOf(row), "", true));
}

function showMoment(index) {
  const point = view.points[index], told = byId("moment-told");
  if (!point) {
    setText(byId("moment-at"), "–");
    told.replaceChildren(make("p", { class: "faint" }, "Nothing has been seen of this service yet."));
    return;
  }
  const known = (value) => (value === null ? "unknown" : number(value));
  const counts = `${known(point.visible)} visible, ${known(point.in_flight)} in flight; ${known(point.running)} of ${known(point.desired)} tasks running`;
  setText(byId("moment-at"), stamp(point.from));
  byId("moment").setAttribute("aria-valuetext", `${stamp(point.from)}: ${counts}`);
  const steps = point.steps.map((step) => make("li", {}, make("code", {}, step.rule), ` ${step.note} `, make("b", {}, `→ ${number(step.tasks)}`)));
  told.replaceChildren(
    make("p", {}, counts, point.action ? ` (${point.action.replace("_", " ")})` : ""),
    steps.length ? make("ol", {}, ...steps) : make("p", { class: "faint" }, "No decision was seen at this moment."),
    ...(point.error ? [make("p", { class: "error" }, `failed: ${point.error}`)] : []));
}

/** The point that tells of an instant: the last that begins before it. */
function indexAt(at) {
  return Math.max(0, lowerBound(view.points.map((point) => point.from), at + 1) - 1);
}

function pointAt(at) {
  const index = at === null ? chosenIndex() : indexAt(at);
  if (at !== null) byId("moment").value = index;
  showMoment(index);
}

function chosenIndex() {
  return view.chosen === null ? view.points.length - 1 : indexAt(view.chosen);
}

function choose(index) {
  view.chosen = index >= view.points.length - 1 ? null : view.points[index].from;
  charts.mark(view.points[index]?.from ?? null);
  byId("moment").value = index;
  showMoment(index);
}

function showChanges() {
  const changes = [];
  for (let i = view.points.length - 1; i > 0 && changes.length < CHANGES_SHOWN; --i) {
    const point = view.points[i], before = view.points[i - 1];
    const decided = point.action === "scale_out" || point.action === "scale_in";
    if (point.desired !== before.desired || decided || (point.error && point.error !== before.error)) changes.push([i, point, before]);
  }
  byId("changes").replaceChildren(...changes.map(([index, point, before]) => {
    const button = make("button", { type: "button" }, stamp(point.from));
    button.addEventListener("click", () => {
      choose(index);
      byId("moment").focus();
    });
    const known = (value) => (value === null ? "unknown" : number(value));
    const to = point.steps.at(-1)?.tasks ?? point.desired;
    const moved = point.desired !== before.desired ? `desired ${known(before.desired)} → ${known(point.desired)}`
      : point.action ? `${point.action.replace("_", " ")} ${known(point.desired)} → ${known(to)}` : "";
    return make("li", {}, button, moved, point.error ? make("span", { class: "error" }, ` failed: ${point.error}`) : "");
  }));
  if (!changes.length) byId("changes").append(make("li", { class: "faint" }, "None since this page's memory begins."));
}

function showService() {
  makeCharts();
  showFacts();
  showLegend();
  drawCharts();
  const slider = byId("moment");
  slider.max = Math.max(0, view.points.length - 1);
  if (document.querySelector("#charts:hover") === null || charts.at === undefined) {
    slider.value = chosenIndex();
    showMoment(chosenIndex());
  }
  showChanges();
}

/** Asks for what is new; one question at a time, and once more when something came meanwhile. */
async function askService() {
  if (view.asked) {
    view.again = true;
    return;
  }
  view.asked = true;
  const { id } = view, since = view.points.at(-1)?.until;
  try {
    const told = await ask(`api/service?id=${encodeURIComponent(id)}${since === undefined ? "" : `&since=${since}`}`);
    if (view.id !== id) return;
    view.row = told.service;
    takePoints(told.points);
    showService();
  } catch (error) {
    if (view.id === id && error.status === 404) location.hash = "#/";
  } finally {
    view.asked = false;
    if (view.again) {
      view.again = false;
      if (view.id) askService();
    }
  }
}

function openService(id) {
  if (view.id === id) return;
  Object.assign(view, { id, row: null, points: [], chosen: null });
  charts.window = null;
  charts.at = null;
  setText(byId("service-name"), fleet.rows.get(id) ? nameOf(fleet.rows.get(id)) : id);
  askService();
}

function closeService() {
  view.id = null;
}

function startService() {
  byId("charts").addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && charts.key(event.key)) event.preventDefault();
  });
  byId("zoom").addEventListener("click", (event) => charts.key(event.target.dataset.key));
  byId("moment").addEventListener("input", (event) => choose(Number(event.target.value)));
}
