// The page is whole without this. It fetches the page anew when a run has ended, and keeps the place of
// whoever reads: focus, cursor and scroll. Filters and sorting fetch too, instead of loading.
"use strict";

const AGE_MS = 60000; // ages grow without a run
let asked = 0;
let waiting = null;

const main = () => document.getElementById("main");
const say = (text) => { document.getElementById("live").textContent = text; };

function place() {
  const active = document.activeElement;
  const inside = active && active.id && main().contains(active);
  const boxes = [...main().querySelectorAll(".wide")].map((box) => box.scrollLeft);
  const open = [...main().querySelectorAll("details[open]")].map((box) => box.id);
  return {
    id: inside ? active.id : null,
    value: inside && "value" in active ? active.value : null,
    cursor: inside && active.type === "search" ? active.selectionStart : null,
    x: scrollX, y: scrollY, boxes, open,
  };
}

function restore(was) {
  was.open.forEach((id) => { const box = document.getElementById(id); if (box) box.open = true; });
  [...main().querySelectorAll(".wide")].forEach((box, i) => { box.scrollLeft = was.boxes[i] || 0; });
  const active = was.id && document.getElementById(was.id);
  if (active) {
    if (was.value !== null && "value" in active) active.value = was.value;
    active.focus({ preventScroll: true });
    if (was.cursor !== null) active.setSelectionRange(was.cursor, was.cursor);
  }
  scrollTo(was.x, was.y);
}

async function show(address) {
  const mine = ++asked;
  let text;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    text = await answer.text();
  } catch {
    say("The server cannot be reached; trying again.");
    return later(5000);
  }
  if (mine !== asked) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const now = fresh.getElementById("main");
  if (!now) return;
  const was = place();
  main().replaceWith(document.adoptNode(now));
  document.title = fresh.title;
  restore(was);
  say("Updated at " + new Date().toLocaleTimeString() + ".");
  later(now.dataset.retry ? now.dataset.retry * 1000 : AGE_MS);
}

function later(milliseconds) {
  clearTimeout(waiting);
  waiting = setTimeout(() => show(location.href), milliseconds);
}

function listen() {
  const events = new EventSource("/api/v1/events");
  let before = false;
  events.addEventListener("run", () => later(50));
  events.onopen = () => {
    say("Live: this page changes when a run has ended.");
    if (before) later(50); // what ended meanwhile
    before = true;
  };
  events.onerror = () => {
    say("Not live at present; trying again.");
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}

function turn(address) {
  history.replaceState(null, "", address);
  show(address);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("thead a, .tabs a");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  turn(link.href);
});

function filter(form) {
  const query = new URLSearchParams(new FormData(form));
  [...query].forEach(([name, value]) => { if (!value || value === "all") query.delete(name); });
  turn(query.size ? "/?" + query : "/");
}

for (const kind of ["submit", "input"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest(".filter");
    if (!form) return;
    if (kind === "submit") event.preventDefault();
    clearTimeout(filter.waiting);
    filter.waiting = setTimeout(() => filter(form), kind === "submit" ? 0 : 150);
  });
}

listen();
later(main().dataset.retry ? main().dataset.retry * 1000 : AGE_MS);
