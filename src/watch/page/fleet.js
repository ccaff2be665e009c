"use strict";
// The table of services.

const PAGE_OF_ROWS = 200;
const table = { sort: "state", descending: false, states: new Set(), filter: "", most: PAGE_OF_ROWS, made: new Map() };

const text = (a, b) => a.localeCompare(b, "en", { numeric: true });
const count = (a, b) => (a ?? -1) - (b ?? -1);

/** `late`: only where there is room for it. */
const COLUMNS = [
  { key: "service", name: "Service", order: (a, b) => text(nameOf(a), nameOf(b)) },
  { key: "state", name: "State", order: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) },
  { key: "messages", name: "Messages", count: true, first: true, title: "visible + in flight", order: (a, b) => count(messages(a), messages(b)) },
  { key: "tasks", name: "Tasks", count: true, first: true, title: "running / desired", order: (a, b) => count(a.desired, b.desired) || count(a.running, b.running) },
  { key: "changed", name: "Last change", late: true, first: true, order: (a, b) => text(a.changed_at ?? "", b.changed_at ?? "") },
  { key: "why", name: "Why", late: true, order: (a, b) => text(whyOf(a), whyOf(b)) },
];

function sortBy(key) {
  const column = COLUMNS.find((one) => one.key === key);
  table.descending = table.sort === key ? !table.descending : Boolean(column.first);
  table.sort = key;
  showFleet();
}

function makeHeads() {
  byId("heads").replaceChildren(...COLUMNS.map((column) => {
    const button = make("button", { type: "button", title: column.title }, column.name);
    button.addEventListener("click", () => sortBy(column.key));
    return make("th", { scope: "col", class: `${column.count ? "count" : ""} ${column.late ? "late" : ""}`.trim() || null, "data-key": column.key }, button);
  }));
}

function matches(row) {
  if (table.states.size && !table.states.has(row.state)) return false;
  const words = table.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const all = `${nameOf(row)} ${placeOf(row)} ${row.state} ${whyOf(row)}`.toLowerCase();
  return words.every((word) => all.includes(word));
}

function sortedRows() {
  const { order } = COLUMNS.find((column) => column.key === table.sort);
  const rows = [...fleet.rows.values()].filter(matches);
  return rows.sort((a, b) => (table.descending ? order(b, a) : order(a, b)) || text(nameOf(a), nameOf(b)));
}

function stateMark(state) {
  return make("span", { class: "state", "data-state": state }, state);
}

function makeRow(row) {
  const link = make("a", { href: `#/service/${encodeURIComponent(row.id)}` }, nameOf(row));
  const cells = { state: make("td"), messages: make("td", { class: "count" }), tasks: make("td", { class: "count" }), changed: make("td", { class: "late" }), why: make("td", { class: "late why" }) };
  const place = placeOf(row);
  const name = make("th", { scope: "row" }, link, ...(place ? [make("small", {}, place)] : []));
  return { line: make("tr", {}, name, ...Object.values(cells)), cells };
}

function fillRow({ cells }, row, now) {
  if (cells.state.textContent !== row.state) cells.state.replaceChildren(stateMark(row.state));
  setText(cells.messages, row.visible === undefined ? "unknown" : `${number(row.visible)} + ${number(row.in_flight ?? 0)}`);
  setText(cells.tasks, row.desired === undefined ? "unknown" : `${number(row.running ?? 0)} / ${number(row.desired)}`);
  setText(cells.changed, changeOf(row, now));
  setText(cells.why, whyOf(row));
  cells.why.classList.toggle("error", Boolean(row.error));
}

function showRows(rows) {
  const body = byId("rows"), now = serverNow();
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  const wanted = rows.slice(0, table.most);
  const kept = new Set(wanted.map((row) => row.id));
  for (const [id, made] of table.made) {
    if (kept.has(id)) continue;
    made.line.remove();
    table.made.delete(id);
  }
  wanted.forEach((row, place) => {
    let made = table.made.get(row.id);
    if (!made) table.made.set(row.id, made = makeRow(row));
    fillRow(made, row, now);
    if (body.children[place] !== made.line) body.insertBefore(made.line, body.children[place] ?? null);
  });
  if (focused?.isConnected) focused.focus({ preventScroll: true });
  byId("more").hidden = rows.length <= table.most;
  setText(byId("more"), `Show ${Math.min(PAGE_OF_ROWS, rows.length - table.most)} more`);
}

function showStates() {
  const counts = new Map(STATES.map((state) => [state, 0]));
  for (const row of fleet.rows.values()) counts.set(row.state, (counts.get(row.state) ?? 0) + 1);
  const holder = byId("states");
  for (const state of STATES) {
    let button = holder.querySelector(`[data-choose="${state}"]`);
    if (!button) {
      button = make("button", { type: "button", "data-choose": state }, stateMark(state), " ", make("span"));
      button.addEventListener("click", () => {
        if (!table.states.delete(state)) table.states.add(state);
        showFleet();
      });
      holder.append(button);
    }
    setText(button.lastChild, number(counts.get(state)));
    button.hidden = counts.get(state) === 0 && !table.states.has(state);
    button.setAttribute("aria-pressed", String(table.states.has(state)));
  }
}

function card(name, value, detail, wide) {
  const told = make("dd", {}, value);
  if (detail) told.append(" ", make("small", {}, detail));
  return make("div", wide ? { class: "wide" } : {}, make("dt", {}, name), told);
}

function showTotals() {
  const rows = [...fleet.rows.values()];
  const sum = (of) => number(rows.reduce((all, row) => all + (of(row) ?? 0), 0));
  const ill = rows.filter((row) => ["failed", "stuck", "unread"].includes(row.state)).length;
  byId("totals").replaceChildren(
    card("Services", number(rows.length), ill ? `${number(ill)} ${ill === 1 ? "needs" : "need"} a look` : "all well"),
    card("Messages that wait", sum((row) => row.visible)),
    card("Messages in flight", sum((row) => row.in_flight)),
    card("Tasks running", sum((row) => row.running), `of ${sum((row) => row.desired)} desired`));
  document.title = `${ill ? `(${ill}) ` : ""}ecs-scaler`;
}

function showFleet() {
  const rows = sortedRows();
  for (const head of byId("heads").children) {
    if (head.dataset.key === table.sort) head.setAttribute("aria-sort", table.descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  showTotals();
  showStates();
  showRows(rows);
  setText(byId("count"), `${number(Math.min(rows.length, table.most))} of ${number(fleet.rows.size)} services are shown`);
  byId("services").hidden = rows.length === 0;
  byId("none").hidden = rows.length > 0;
  setText(byId("none"), fleet.rows.size ? "No service matches." : "There are no services yet.");
}

function startFleet() {
  makeHeads();
  byId("filter").addEventListener("input", (event) => {
    table.filter = event.target.value;
    table.most = PAGE_OF_ROWS;
    showFleet();
  });
  byId("more").addEventListener("click", () => {
    table.most += PAGE_OF_ROWS;
    showFleet();
  });
}
