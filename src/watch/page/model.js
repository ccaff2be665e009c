"use strict";
// What the page knows of the fleet, and how it makes elements. All text that came from outside goes
// through textContent: names, reasons and errors are never markup.

/** make("td", { class: "count" }, "12", other, ...) */
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The gravest first: how the table sorts them, and in which order they are offered. */
const STATES = ["failed", "stuck", "unread", "scaling out", "scaling in", "starting", "stopping", "working", "idle", "asleep"];

const fleet = { rows: new Map(), head: {}, shows: "", everyMs: 10000, revision: "", heardAt: null, lost: null };

const messages = (row) => (row.visible === undefined ? null : row.visible + (row.in_flight ?? 0) + (row.delayed ?? 0));
const nameOf = (row) => `${row.cluster}/${row.service}`;
const placeOf = (row) => [row.account, row.region].filter(Boolean).join(" · ");

function whyOf(row) {
  if (row.error) return `failed: ${row.error}`;
  if (!row.looked_at) return "not looked at yet";
  return row.why || (row.action ? "as it should be" : "no decision was seen");
}

function ago(instant, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(instant)) / 1000));
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"]].find(([least]) => seconds >= 2 * least) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

const changeOf = (row, now) => (row.changed_at ? `${row.changed}, ${ago(row.changed_at, now)}` : "none known");

/** By the server's clock, as far as its last word tells it. */
function serverNow() {
  return fleet.head.at === undefined ? Date.now() : Date.parse(fleet.head.at) + (performance.now() - fleet.heardAt);
}

function takeHead(told) {
  fleet.head = { at: told.at, config: told.config, lease: told.lease };
  fleet.heardAt = performance.now();
}

function takeFleet(told) {
  takeHead(told);
  fleet.shows = told.shows;
  fleet.everyMs = told.every_ms;
  fleet.revision = told.revision;
  fleet.rows = new Map(told.services.map((row) => [row.id, row]));
}

function takeChanges(told) {
  takeHead(told);
  for (const row of told.services) fleet.rows.set(row.id, row);
  for (const id of told.gone) fleet.rows.delete(id);
}
