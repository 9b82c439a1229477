// uPlot takes the place of each drawing of a site's charts, with its axes, on the values of the API; on a fault the
// drawings stay. One crosshair goes through all of them, and the group is a slider over the hours.
const HEIGHT = 190;
const TOP = 8, BOTTOM = 26, LEFT = 40, RIGHT = 36; // as the style sheet has them
let sheet = null; // what the page says of all charts
let charts = [];
let times = []; // when each step begins
let rows = [], beside = []; // the values of each
let at = null; // where the crosshair is
let isByKeys = false;
let before = null; // the address before the first zoom
let turn = 0;

const group = () => document.getElementById("charts");
const ink = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// As the server rounds: by the exact value, and a half to the even digit.
function rounded(value, decimals) {
  const isHalf = Math.abs((value * 2 ** (decimals + 1)) % 2) === 1;
  const below = Math.floor(value * 10 ** decimals);
  return (isHalf ? (below + (below & 1)) / 10 ** decimals : Number(value.toFixed(decimals))) || 0;
}

async function read(address) {
  if (!address) return new Map();
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(address + ": " + answer.status);
  const body = await answer.json();
  const of = (row) => Date.parse(row.hour || row.local_date + "T00:00Z") / 1000;
  return new Map((body.hours || body.days).map((row) => [of(row), row]));
}

const convert = (figure) => (value) => {
  if (value == null) return null;
  return figure.steps ? figure.steps.filter((step) => value >= step).length : value * figure.factor + figure.offset;
};

// What a chart draws: the look and the values of each line.
function series(figure) {
  const of = (list, field) => list.map((row) => convert(figure)(row?.[field]));
  const all = figure.lines.map(({ look, field }) => [look, of(rows, field)]);
  if (figure.band) all.push(...figure.band.map((field) => ["edge", of(rows, field)]));
  if (hasSum(figure)) {
    let sum = 0;
    all.push(["sum", all[0][1].map((value) => (value === null ? null : (sum += value)))]);
  }
  if (sheet.beside) all.push(["beside", of(beside, figure.lines[0].field)]);
  return all;
}

const columns = (figure) => [times.map((time) => time + sheet.step / 2), ...series(figure).map(([, values]) => values)];

const alone = (chart, series) => {
  const values = chart.data[series];
  return values.map((_, i) => i).filter((i) => values[i] !== null && values[i - 1] == null && values[i + 1] == null);
};

const line = (color, width, dash) => ({ stroke: ink(color), width, dash, points: { show: true, size: 4, filter: alone } });
const LOOKS = {
  line: () => line("--line", 2),
  dashed: () => line("--line-2", 1.5, [6, 4]),
  dotted: () => line("--line-3", 1.5, [2, 4]),
  bars: () => ({ stroke: ink("--line"), fill: ink("--line"), width: 0, paths: uPlot.paths.bars({ size: [0.85, 60] }), points: { show: false } }),
  edge: () => ({ stroke: ink("--band"), width: 0, points: { show: false } }),
  sum: () => ({ ...line("--line-2", 1.5), scale: "sum" }),
  beside: () => line("--line-4", 1.5, [8, 4]),
};

function shade(chart, from, to, color) {
  const { ctx, bbox } = chart;
  const [left, right] = [from, to].map((time) => clamp(chart.valToPos(time, "x", true), bbox.left, bbox.left + bbox.width));
  ctx.fillStyle = color();
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
}

const marksOf = (time) => sheet.marks.filter(([, from, to]) => from < time + sheet.step && to > time);

function paper(chart) {
  sheet.nights.forEach(([from, to]) => shade(chart, from, to, ink("--night")));
  sheet.marks.forEach(([kind, from, to]) => {
    if (kind !== "healed") shade(chart, from, to, ink(kind === "hole" ? "--hole" : "--frozen"));
  });
  const hair = (sheet.to - sheet.from) / chart.bbox.width;
  sheet.borders.forEach((time) => shade(chart, time, time + hair, ink("--day")));
}

function signs(figure, chart) {
  const { ctx } = chart, ratio = uPlot.pxRatio;
  ctx.fillStyle = ink("--healed")();
  times.forEach((time, i) => {
    const value = chart.data[1][i];
    if (value === null || !marksOf(time).some(([kind]) => kind === "healed")) return;
    ctx.beginPath();
    ctx.arc(chart.valToPos(chart.data[0][i], "x", true), chart.valToPos(value, "y", true), 3 * ratio, 0, 7);
    ctx.fill();
  });
  if (!figure.arrows) return;
  const every = Math.ceil((times.length * 24) / chart.over.clientWidth);
  ctx.fillStyle = ink("--soft")();
  times.forEach((time, i) => {
    const from = rows[i]?.[figure.arrows];
    if (i % every || from == null) return;
    ctx.save();
    ctx.translate(chart.valToPos(chart.data[0][i], "x", true), chart.bbox.top + 10 * ratio);
    ctx.rotate(((from + 180) * Math.PI) / 180);
    ctx.scale(ratio, ratio);
    ctx.fill(new Path2D("M0-7L4 6L0 3L-4 6z"));
    ctx.restore();
  });
}

const hasSum = (figure) => figure.sums.length > 0;
const ends = (marks) => [marks[0][0], marks.at(-1)[0]];

function axes(figure) {
  const font = "12px system-ui, sans-serif";
  const plain = { stroke: ink("--soft"), font, ticks: { show: false }, grid: { show: false } };
  const of = (marks) => ({ splits: (chart) => marks(chart).map(([value]) => value), values: (chart) => marks(chart).map(([, words]) => words) });
  const times = ({ width }) => sheet.ticks.filter((_, i) => width > 480 || sheet.ticks.length < 5 || i % 2 === 0);
  const all = [
    { ...plain, ...of(times), size: BOTTOM, gap: 6 },
    { ...plain, ...of(() => figure.marks), size: LEFT, gap: 4, grid: { stroke: ink("--grid"), width: 1 } },
  ];
  if (hasSum(figure)) all.push({ ...plain, ...of(() => figure.sums), scale: "sum", side: 1, size: RIGHT, gap: 2 });
  return all;
}

function chart(figure, plot) {
  const count = figure.lines.length;
  const made = new uPlot({
    width: plot.clientWidth,
    height: HEIGHT,
    padding: [TOP, hasSum(figure) ? 0 : RIGHT, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "site" }, y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 }, bind: { dblclick: () => () => back() } },
    scales: {
      x: { time: false, range: () => [sheet.from, sheet.to] },
      y: { range: () => ends(figure.marks) },
      ...(hasSum(figure) && { sum: { range: () => ends(figure.sums) } }),
    },
    axes: axes(figure),
    series: [{}, ...series(figure).map(([look]) => LOOKS[look]())],
    bands: figure.band && [{ series: [count + 2, count + 1], fill: ink("--band") }],
    hooks: {
      drawClear: [paper],
      draw: [(own) => signs(figure, own)],
      setCursor: [(own) => follow(own)],
      setSelect: [(own) => dragged(own)],
    },
  }, columns(figure), (own, begin) => {
    plot.replaceChildren(own.root);
    begin();
  });
  made.figure = figure;
  return made;
}

const figures = () => [...group().querySelectorAll("figure")].map((box) => [JSON.parse(box.dataset.figure), box.querySelector(".plot")]);
// What of a chart cannot be changed: another is made.
const form = ([figure, plot]) => plot.id + JSON.stringify({ ...figure, marks: 0, sums: hasSum(figure) }) + sheet.lang;

function clear() {
  charts.forEach((one) => one.destroy());
  charts = [];
}

function show() {
  const wanted = figures();
  const isSame = wanted.length === charts.length && wanted.every((one, i) => form(one) === charts[i].form && charts[i].root.isConnected);
  if (isSame) {
    wanted.forEach(([figure], i) => {
      Object.assign(charts[i].figure, figure);
      charts[i].setData(columns(figure));
    });
  } else {
    clear();
    charts = wanted.map((one) => {
      one[1].dataset.own = "";
      const made = chart(...one);
      made.form = form(one);
      return made;
    });
  }
  document.getElementById("png").hidden = false;
  slide();
  if (at !== null) put(clamp(at, 0, times.length - 1));
}

// Of a page whose values cannot be had the drawings are shown, and not the charts of another time.
function draw(page) {
  clear();
  leave();
  const box = group();
  box.getAttributeNames().filter((name) => /^(role|tab|aria)/.test(name)).forEach((name) => box.removeAttribute(name));
  box.querySelectorAll("[data-own]").forEach((plot) => plot.replaceWith(page.getElementById(plot.id)));
  document.getElementById("png").hidden = true;
}

const complain = (text) => { document.getElementById("charts-failed").textContent = text; };

async function load({ detail: page }) {
  const box = group(), mine = ++turn;
  if (!box) return;
  try {
    const next = JSON.parse(box.dataset.sheet);
    const [own, other] = await Promise.all([read(next.values), read(next.beside)]);
    if (mine !== turn || box !== group()) return;
    sheet = next;
    times = sheet.times.map((_, i) => sheet.first + i * sheet.step);
    rows = times.map((time) => own.get(time));
    beside = times.map((time) => sheet.beside && other.get(time));
    show();
    complain("");
  } catch {
    if (mine !== turn || box !== group()) return;
    draw(page);
    complain(box.dataset.failed);
  }
}

function values(own, i) {
  const { figure } = own;
  const format = new Intl.NumberFormat(sheet.lang, { minimumFractionDigits: figure.decimals, maximumFractionDigits: figure.decimals });
  return figure.lines.flatMap((one, number) => {
    const value = own.data[number + 1][i];
    if (value === null) return [];
    const name = one.field.startsWith("temperature") ? "" : one.name + " ";
    return [`${name}${format.format(rounded(value, figure.decimals))}\u00a0${figure.unit}`];
  }).join(", ");
}

function words(i, isWhole) {
  const { dataset } = group();
  const texts = { hole: dataset.missing, healed: dataset.healed, frozen: dataset.frozen };
  const marks = marksOf(times[i]).filter(([kind]) => kind !== "hole" || !rows[i]).map(([kind, , , why]) => `${texts[kind]}: ${why}`);
  const own = (isWhole ? charts : charts.slice(0, 1)).map((one) => values(one, i)).filter(Boolean);
  const parts = rows[i] && own.length ? own : marks.length ? [] : [dataset.none];
  return `${sheet.times[i]}: ${[...parts, ...marks].join("; ")}`;
}

function slide() {
  const box = group(), i = at === null ? times.length - 1 : at;
  const set = { role: "slider", tabindex: 0, "aria-label": box.dataset.name, "aria-valuemin": 0, "aria-valuemax": times.length - 1, "aria-valuenow": i };
  Object.entries(set).forEach(([name, value]) => box.setAttribute(name, value));
  box.setAttribute("aria-valuetext", words(i, false));
}

function say(i) {
  at = i;
  group().dataset.hold = "";
  document.getElementById("readout").textContent = words(i, true);
  slide();
}

function put(i) {
  say(i);
  charts.forEach((one) => one.setCursor({ left: one.valToPos(one.data[0][i], "x"), top: 20 }, false, false));
}

function leave() {
  at = null;
  isByKeys = false;
  if (group()) delete group().dataset.hold;
  charts.forEach((one) => one.setCursor({ left: -10, top: -10 }, false, false));
}

function follow(own) {
  const { left, idx } = own.cursor;
  if (left == null) return;
  if (left < 0) {
    if (!isByKeys && at !== null && own.cursor.event) leave();
  } else if (idx != null && idx !== at) {
    isByKeys = false;
    say(idx);
  }
}

// Once: every chart reports a drag over one of them.
function go(address) {
  const link = document.getElementById("zoom");
  link.href = address;
  if (link.href !== location.href) link.click();
}

function zoom(from, to) {
  const begin = Math.floor(from / sheet.step) * sheet.step;
  const end = Math.max(Math.ceil(to / sheet.step) * sheet.step, begin + sheet.step);
  const moment = (time) => new Date(time * 1000).toISOString();
  const written = (time) => (sheet.by === "hour" ? moment(time).slice(0, 16) + "Z" : moment(Math.min(time, end - 1)).slice(0, 10));
  before = before || location.href;
  go(`?from=${written(begin)}&to=${written(end)}` + (sheet.rest && "&" + sheet.rest));
}

function back() {
  go(before || "?" + sheet.rest);
  before = null;
}

function dragged(own) {
  const { left, width } = own.select;
  if (width < 4) return;
  const [from, to] = [left, left + width].map((x) => own.posToVal(x, "x"));
  own.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  const nearest = (time) => Math.round(time / sheet.step) * sheet.step;
  zoom(nearest(from), nearest(to));
}

function closer(factor) {
  const length = ((sheet.to - sheet.from) * factor) / 2;
  const middle = at === null ? (sheet.from + sheet.to) / 2 : times[at] + sheet.step / 2;
  const [first, last] = factor > 1 ? [0, Math.max(Date.now() / 1000, sheet.to)] : [sheet.from, sheet.to];
  const to = Math.min(middle + length, last);
  zoom(Math.max(middle - length, first, to - 365 * 86400), to);
}

function key(event) {
  if (!charts.length || event.target !== group() || event.ctrlKey || event.metaKey || event.altKey) return;
  const last = times.length - 1, here = at === null ? last : at;
  const day = event.shiftKey ? Math.max(1, Math.round((sheet.by === "hour" ? 86400 : 7 * 86400) / sheet.step)) : 1;
  const moves = { ArrowLeft: -day, ArrowDown: -day, ArrowRight: day, ArrowUp: day, Home: -last, End: last };
  const acts = { "+": () => closer(0.5), "-": () => closer(2), 0: back, Escape: leave };
  if (event.key in moves) {
    isByKeys = true;
    put(at === null && moves[event.key] > 0 ? 0 : clamp(here + moves[event.key], 0, last));
  } else if (event.key in acts) {
    acts[event.key]();
  } else {
    return;
  }
  event.preventDefault();
}

// A finger moves the crosshair.
function touch(event) {
  const plot = event.pointerType !== "mouse" && event.target.closest && event.target.closest("#charts .plot");
  if (!plot || !charts.length) return;
  const box = charts[0].over.getBoundingClientRect();
  const time = charts[0].posToVal(event.clientX - box.left, "x");
  isByKeys = true;
  put(clamp(Math.floor((time - times[0]) / sheet.step), 0, times.length - 1));
}

function picture() {
  const ratio = uPlot.pxRatio, head = 26 * ratio;
  const all = charts.map((one) => [one.ctx.canvas, one.root.closest("figure").querySelector("figcaption").firstChild.textContent.trim()]);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(...all.map(([own]) => own.width));
  canvas.height = all.reduce((sum, [own]) => sum + own.height + head, 0);
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = ink("--card")();
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.font = `600 ${14 * ratio}px system-ui, sans-serif`;
  let y = 0;
  all.forEach(([own, name]) => {
    ctx.fillStyle = ink("--ink")();
    ctx.fillText(name, 8 * ratio, y + 18 * ratio);
    ctx.drawImage(own, 0, y + head);
    y += own.height + head;
  });
  return canvas;
}

function save() {
  picture().toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${location.pathname.split("/").pop()}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

document.addEventListener("keydown", key);
document.addEventListener("pointerdown", touch);
document.addEventListener("pointermove", touch);
document.addEventListener("focusout", (event) => { if (event.target === group() && isByKeys) leave(); });
document.addEventListener("click", (event) => { if (event.target.id === "png") save(); });
document.addEventListener("page:changed", load);
addEventListener("resize", () => charts.forEach((one) => one.setSize({ width: one.root.parentElement.clientWidth, height: HEIGHT })));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((one) => one.redraw()));
load({ detail: document.cloneNode(true) });
