// The page is whole without this. It fetches the page anew when a run has ended and changes what differs (idiomorph), so
// that the place of the reader stays; it waits while text is selected, a list is open or a pointer down. What the
// reader does (sort, filter, range, map) is fetched instead of loaded, and is a step of the history.
"use strict";

const AGE_MS = 60000; // ages grow without a run
const AGAIN_MS = 5000;
const HELD_MS = 300;
const page = document.documentElement;
const root = page.dataset.root || ""; // the path in front, behind a proxy
let asked = 0;
let waiting = null;
let failing = null; // since when the server does not answer
let isDown = false;

const main = () => document.getElementById("main");

function say(what, time = new Date()) {
  const line = document.getElementById("live");
  const text = line.dataset[what].replace("TIME", time.toLocaleTimeString(page.lang));
  if (line.textContent !== text) line.textContent = text;
}

function fail(what) {
  failing = failing || new Date();
  say(what, failing);
  later(AGAIN_MS);
}

// An element with data-hold is one that the reader is at, such as charts with a crosshair.
function isHeld() {
  const selection = getSelection();
  const list = document.activeElement;
  const isOpen = list?.localName === "select" && (!CSS.supports("selector(:open)") || list.matches(":open"));
  return isDown || isOpen || main().querySelector("[data-hold]") || (!selection.isCollapsed && String(selection));
}

const morphing = {
  morphStyle: "outerHTML",
  ignoreActiveValue: true,
  callbacks: {
    beforeAttributeUpdated: (name, node, kind) => !(name === "open" && node.localName === "details")
      && !((name === "viewBox" || name === "data-moved") && "moved" in node.dataset)
      && !(name === "font-size" && node.closest("[data-moved]"))
      && !(kind === "remove" && node.id === "charts"), // else the slider would lose the focus
    // What a script has taken over.
    beforeNodeMorphed: (node) => !(node.dataset && "own" in node.dataset),
  },
};

function change(fresh) {
  Idiomorph.morph(main(), fresh.getElementById("main"), morphing);
  document.title = fresh.title;
  document.dispatchEvent(new CustomEvent("page:changed", { detail: fresh }));
}

// Puts a fresh page in place, as soon as the reader has finished.
function put(fresh, isStep) {
  if (!isStep && isHeld()) {
    say("waits");
    clearTimeout(waiting);
    waiting = setTimeout(() => put(fresh, false), HELD_MS);
    return;
  }
  change(fresh);
  failing = null;
  say("updated");
  rest();
}

// A problem of the server leaves the page as it is; what the reader asked for and is wrong is shown.
async function show(address, isStep) {
  const mine = ++asked;
  let answer, text;
  try {
    answer = await fetch(address, { headers: { Accept: "text/html" } });
    text = await answer.text();
  } catch {
    return mine === asked && fail("away");
  }
  if (mine !== asked) return;
  if (answer.status >= 500) return fail("busy");
  const fresh = new DOMParser().parseFromString(text, "text/html");
  if (!fresh.getElementById("main")) return fail("unreadable");
  put(fresh, isStep);
  const target = isStep && location.hash && document.getElementById(location.hash.slice(1));
  if (target) target.scrollIntoView();
}

function later(milliseconds) {
  clearTimeout(waiting);
  waiting = setTimeout(() => show(location.href, false), milliseconds);
}

const rest = () => later(main().dataset.retry ? AGAIN_MS : AGE_MS);

let events = null;

function listen() {
  events = new EventSource(root + "/api/v1/events");
  let before = false;
  events.addEventListener("run", () => later(50));
  events.onopen = () => {
    if (!failing) say("on");
    if (before) later(50); // what ended meanwhile
    before = true;
  };
  events.onerror = () => {
    failing = failing || new Date();
    say("off", failing);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  };
}

function step(address, isReplaced) {
  history[isReplaced ? "replaceState" : "pushState"](null, "", address);
  const map = document.querySelector(".map[data-moved]");
  if (map) delete map.dataset.moved;
  show(address, true);
}

// Of a link in a drawing the address is a value that may be animated.
const address = (link) => new URL(link.href.baseVal ?? link.href, location);

// A link of a page to itself, with other parameters.
function isStep(link, event) {
  const isPlain = !(event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  return link && isPlain && main().contains(link) && !link.hasAttribute("download") && address(link).pathname === location.pathname;
}

function filter(form, isTyped) {
  const query = new URLSearchParams(new FormData(form));
  [...query].forEach(([name, value]) => { if (!value || value === "all") query.delete(name); });
  step(new URL(form.action).pathname + (query.size ? "?" + query : ""), isTyped && filter.isTyping);
  filter.isTyping = isTyped;
}

// The map is drawn closer by the wheel, with Ctrl or once it has been dragged: else the wheel scrolls the page.
function look(map, x, y, width, height) {
  map.dataset.moved = "";
  map.setAttribute("viewBox", [x, y, width, height].map((number) => number.toFixed(2)).join(" "));
}

function zoom(map, event) {
  const { x: left, y: top, width, height } = map.viewBox.baseVal;
  const factor = Math.min(Math.max(1.0015 ** event.deltaY, 2 / width), 3600 / width);
  const box = map.getBoundingClientRect();
  const scale = width / map.clientWidth;
  const [x, y] = [left + (event.clientX - box.x) * scale, top + (event.clientY - box.y) * scale];
  const letters = map.querySelector("[font-size]");
  letters.setAttribute("font-size", letters.getAttribute("font-size") * factor);
  look(map, x - (x - left) * factor, y - (y - top) * factor, width * factor, height * factor);
}

function drag(map, event) {
  const { x, y, width, height } = map.viewBox.baseVal;
  const far = (to) => [to.clientX - event.clientX, to.clientY - event.clientY];
  const isFar = (to) => Math.hypot(...far(to)) > 4;
  const move = (to) => {
    if (!isFar(to) && !("moved" in map.dataset)) return;
    const [right, down] = far(to).map((pixels) => pixels * width / map.clientWidth);
    look(map, x - right, y - down, width, height);
  };
  const end = (to) => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    // A link that was dragged is not followed.
    if (!isFar(to)) return;
    addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
}

function attendMap() {
  document.addEventListener("wheel", (event) => {
    const map = event.target.closest(".map");
    if (!map || !(event.ctrlKey || event.metaKey || "moved" in map.dataset)) return;
    event.preventDefault();
    zoom(map, event);
  }, { passive: false });
  document.addEventListener("pointerdown", (event) => {
    const map = event.target.closest(".map");
    if (!map || event.button || event.pointerType === "touch") return;
    drag(map, event);
  });
  document.addEventListener("dragstart", (event) => { if (event.target.closest(".map")) event.preventDefault(); });
}

// What the reader does, from here on without loading.
function attend() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!isStep(link, event)) return;
    const { href } = address(link);
    if (href.startsWith(location.href.split("#")[0] + "#")) return;
    event.preventDefault();
    step(href);
  });
  for (const kind of ["submit", "input"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest(".filter, .range");
      if (!form) return;
      if (kind === "submit") event.preventDefault();
      else if (event.target.type === "date") return; // which is typed in parts
      const isTyped = event.target.type === "search";
      clearTimeout(filter.waiting);
      filter.waiting = setTimeout(() => filter(form, isTyped), isTyped ? 150 : 0);
    });
  }

  // A page that the browser keeps for Back holds a connection, of which there are six to a server.
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); later(50); } });
  addEventListener("popstate", () => { filter.isTyping = false; show(location.href, true); });
  addEventListener("pointerdown", () => { isDown = true; }, true);
  for (const kind of ["pointerup", "pointercancel", "blur"]) addEventListener(kind, () => { isDown = false; }, true);
}

// The reader's own zone, of which only the browser knows.
function offerMine() {
  const list = document.getElementById("times");
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!list || !mine || [...list.options].slice(0, 2).some((option) => option.value === mine)) return;
  list.add(new Option(list.dataset.mine + " (" + mine + ")", mine, false, list.value === mine), 2);
}

offerMine();
if (typeof Idiomorph === "undefined") {
  say("plain");
} else {
  attend();
  attendMap();
  listen();
  rest();
}
