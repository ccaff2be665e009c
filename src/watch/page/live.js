"use strict";
// Which part is seen, and how the page hears what changed.

const RETRY_MS = 5000;
const link = { source: null, retry: null, drawing: false, asking: false };

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store", credentials: "same-origin" });
  if (!answer.ok) throw Object.assign(new Error(`the answer was ${answer.status}`), { status: answer.status });
  return answer.json();
}

function notice(textOfIt) {
  return make("p", { class: "notice" }, textOfIt);
}

function showNotices() {
  const { config, lease } = fleet.head, told = [];
  if (config && !config.success) told.push(`The fleet file of ${config.last_success} is in force, for it could not be read again: ${config.error ?? ""}`);
  if (lease && !lease.held) told.push(`This controller only looks: the lease is with ${lease.owner || "nobody known"}.`);
  const holder = byId("notices");
  if (holder.textContent !== told.join("")) holder.replaceChildren(...told.map(notice));
}

function showLive() {
  const element = byId("live");
  const overdue = serverNow() - Date.parse(fleet.head.at ?? 0) > Math.max(4 * fleet.everyMs, 10000);
  element.classList.toggle("lost", Boolean(fleet.lost) || overdue);
  setText(element, fleet.lost ? `no connection (${fleet.lost}); what stands here is ${fleet.head.at ? `of ${ago(fleet.head.at)}` : "nothing yet"}`
    : fleet.head.at ? `${overdue ? "overdue" : "live"}: the last pass was ${ago(fleet.head.at, serverNow())}` : "connecting");
}

/** Once a frame, however many events came. */
function draw() {
  if (link.drawing) return;
  link.drawing = true;
  requestAnimationFrame(() => {
    link.drawing = false;
    setText(byId("shows"), fleet.shows);
    showNotices();
    showLive();
    if (!byId("fleet").hidden) showFleet();
  });
}

function route() {
  const match = location.hash.match(/^#\/service\/(.+)$/);
  let id = null;
  try {
    id = match ? decodeURIComponent(match[1]) : null;
  } catch {
    id = null;  // No id that this page ever wrote.
  }
  const moved = byId("service").hidden !== (id === null);
  byId("fleet").hidden = id !== null;
  byId("service").hidden = id === null;
  if (id === null) {
    const from = view.id;
    closeService();
    draw();
    if (moved && from) requestAnimationFrame(() => table.made.get(from)?.line.querySelector("a").focus());
  } else {
    openService(id);
    byId("service-name").focus();
  }
}

function lose(why) {
  fleet.lost = why;
  link.source?.close();
  link.source = null;
  clearTimeout(link.retry);
  link.retry = setTimeout(begin, RETRY_MS);
  draw();
}

/** All there is, and from then on what changes. Where no more pages may listen this one asks again and again. */
async function begin() {
  clearTimeout(link.retry);
  if (link.asking || document.hidden) return;
  link.asking = true;
  try {
    takeFleet(await ask("api/fleet"));
    fleet.lost = null;
    draw();
    if (view.id) askService();
    listen();
  } catch (error) {
    lose(error.message);
  } finally {
    link.asking = false;
  }
}

function listen() {
  link.source?.close();
  const source = new EventSource(`events?since=${encodeURIComponent(fleet.revision)}`);
  link.source = source;
  source.addEventListener("pass", (event) => {
    fleet.lost = null;
    takeChanges(JSON.parse(event.data));
    fleet.revision = event.lastEventId;
    draw();
    if (view.id) askService();
  });
  source.addEventListener("reset", () => {
    source.close();
    clearTimeout(link.retry);
    link.retry = setTimeout(begin, 1000);  // Not more often, however busy a large fleet is.
  });
  source.addEventListener("error", () => {
    if (link.source === source) lose("trying again");
  });
}

/** Nobody looks at a hidden page: it leaves its room to others. */
function onVisibility() {
  if (document.hidden) {
    link.source?.close();
    link.source = null;
    clearTimeout(link.retry);
  } else if (!link.source) {
    begin();
  }
}

startFleet();
startService();
addEventListener("hashchange", route);
document.addEventListener("visibilitychange", onVisibility);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && view.id) location.hash = "#/";
});
setInterval(() => {
  showLive();
  if (!byId("fleet").hidden) draw();
}, 1000);
route();
begin();
