// Charts as SVG. Each is drawn for the width it has, so that its text keeps its size on a phone.

/** Makes a box that draws itself for its width, and again when the width changes. */
function chart(height, drawing, label) {
  const box = make("div", { class: "chart", role: "group", "aria-label": label });
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (!now || now === width) return;
    width = now;
    const picture = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height });
    drawing(picture, width, height);
    box.replaceChildren(picture);
    markPressed();
  }).observe(box);
  box.style.height = `${height}px`;
  return box;
}

/** Lets an element show a text when it is pointed at or focused. */
function tip(node, text) {
  node.dataset.tip = text;
  node.setAttribute("aria-label", text);
  return node;
}

function followPointer() {
  const box = element("tip");
  const show = (target, x, y) => {
    box.replaceChildren(...visible(target.dataset.tip));
    box.hidden = false;
    box.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${y + 18 + box.offsetHeight > innerHeight ? y - box.offsetHeight - 10 : y + 18}px`;
  };
  document.addEventListener("pointermove", (event) => {
    const target = event.target.closest?.("[data-tip]");
    if (target) show(target, event.clientX, event.clientY);
    else box.hidden = true;
  });
  document.addEventListener("focusin", (event) => {
    if (!event.target.matches("[data-tip]:focus-visible")) return void (box.hidden = true);
    const { left, bottom } = event.target.getBoundingClientRect();
    show(event.target, left, bottom - 12);
  });
  document.addEventListener("scroll", () => (box.hidden = true), { passive: true });
}

/** An estimate with its interval, between two bounds. */
function whisker({ value, low, high }, run, bounds = [0, 1]) {
  const at = (each) => `${(100 * (Math.min(Math.max(each, bounds[0]), bounds[1]) - bounds[0])) / (bounds[1] - bounds[0] || 1)}%`;
  if (value === null || low === null || high === null) return make("span", { class: "whisker" });
  return make("span", { class: `whisker run-${run}`, "aria-hidden": "true" },
    make("i", { class: "range", style: { left: at(low), right: `calc(100% - ${at(high)})` } }),
    make("i", { class: "dot", style: { left: at(value) } }));
}

/** Round numbers that divide a range. */
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1) || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let tick = Math.ceil(low / size) * size; tick <= high + size / 1e6; tick += size) found.push(Number(tick.toPrecision(12)));
  return found;
}

const STYLES = ["", "6 3", "2 3", "8 3 2 3"]; // of the runs' lines, for those who cannot tell the colours

/**
 * Lines over steps, with bands.
 * series: [{run, label, points: [{x, value, low, high, tip, click}], ceilings: {label: value}, forecast: [{x, value, low, high}]}]
 */
function lines(series, { height = 240, share = true, label, from }) {
  return chart(height, (picture, width) => {
    const points = series.flatMap((each) => [...each.points, ...(each.forecast || [])]);
    if (!points.length) return;
    const edges = { left: 44, right: 14, top: 12, bottom: 26 };
    const xs = points.map((point) => point.x);
    const ys = points.flatMap((point) => [point.value, point.low ?? point.value, point.high ?? point.value]);
    const levels = new Map(series.flatMap((each) => Object.entries(each.ceilings || {})));
    ys.push(...levels.values());
    let [x0, x1] = [Math.min(...xs), Math.max(...xs)];
    if (x0 === x1) [x0, x1] = [x0 - 1, x1 + 1];
    let [y0, y1] = share ? [0, 1] : [Math.min(...ys), Math.max(...ys)];
    if (share && Math.max(...ys) <= 0.5) y1 = Math.min(1, Math.ceil(Math.max(...ys) * 12) / 10 || 0.1);
    if (from !== undefined) y0 = Math.min(y0, from);
    if (y0 === y1) [y0, y1] = [y0 - 1, y1 + 1];
    const x = (value) => edges.left + ((value - x0) / (x1 - x0)) * (width - edges.left - edges.right);
    const y = (value) => height - edges.bottom - ((value - y0) / (y1 - y0)) * (height - edges.bottom - edges.top);
    const shown = share ? (value) => `${Math.round(100 * value)}\u2009%` : amount;
    for (const tick of ticks(y0, y1, height < 160 ? 2 : 4)) {
      picture.append(draw("line", { class: "grid", x1: edges.left, x2: width - edges.right, y1: y(tick), y2: y(tick) }),
        draw("text", { class: "tick", x: edges.left - 8, y: y(tick) + 4, "text-anchor": "end" }, shown(tick)));
    }
    for (const tick of ticks(x0, x1, width / 110)) {
      picture.append(draw("text", { class: "tick", x: x(tick), y: height - 8, "text-anchor": "middle" }, amount(tick)));
    }
    for (const [text, level] of levels) {
      picture.append(draw("line", { class: "ceiling", x1: edges.left, x2: width - edges.right, y1: y(level), y2: y(level) }),
        draw("text", { class: "tick level", x: width - edges.right, y: y(level) + (y(level) < 26 ? 14 : -5), "text-anchor": "end" }, `${text} ${shown(level)}`));
    }
    const path = (list, key = "value") => list.map((point, i) => `${i ? "L" : "M"}${x(point.x).toFixed(1)} ${y(point[key]).toFixed(1)}`).join("");
    const band = (list) => `${path(list, "high")}${path([...list].reverse(), "low").replace("M", "L")}Z`;
    for (const each of series) {
      const style = `run-${each.run}`;
      if (each.forecast?.length) {
        picture.append(draw("path", { class: `forecast band ${style}`, d: band(each.forecast) }),
          draw("path", { class: `forecast line ${style}`, d: path(each.forecast) }));
      }
      if (each.points[0]?.low !== undefined) picture.append(draw("path", { class: `band ${style}`, d: band(each.points) }));
      picture.append(draw("path", { class: `line ${style}`, d: path(each.points), "stroke-dasharray": STYLES[each.run % STYLES.length] }));
      const dots = each.points.length <= width / 8;
      for (const point of each.points) {
        if (!dots && !point.click) continue;
        const dot = draw("circle", { class: `dot ${style}`, cx: x(point.x), cy: y(point.value), r: dots ? 3.2 : 1.6 });
        const target = draw("circle", { class: "target", cx: x(point.x), cy: y(point.value), r: 10 });
        picture.append(dot);
        if (!point.tip) continue;
        tip(target, point.tip);
        if (point.click) {
          target.setAttribute("role", "button");
          target.setAttribute("tabindex", "0");
          target.addEventListener("click", point.click);
          target.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.stopPropagation(); point.click(); } });
        }
        picture.append(target);
      }
    }
  }, label);
}

/** How the states of episodes change from turn to turn: each column holds all episodes. */
function flows(episodes, turns, run) {
  const order = ["solved", ...verdicts.filter((each) => each !== "accepted"), "ended", "accepted"];
  const columns = [];
  const between = [];
  for (let turn = 1; turn <= turns; turn++) {
    columns.push(new Map());
    between.push(new Map());
  }
  for (const episode of episodes) {
    let before = null;
    for (let turn = 1; turn <= turns; turn++) {
      const now = state(episode, turn);
      columns[turn - 1].set(now, (columns[turn - 1].get(now) || 0) + 1);
      if (before !== null) {
        const key = `${before}:${now}`;
        between[turn - 2].set(key, (between[turn - 2].get(key) || 0) + 1);
      }
      before = now;
    }
  }
  const own = severalRuns() ? { run: String(run) } : {};
  return chart(250, (picture, width, height) => {
    const top = 24;
    const gap = 4;
    const thick = 12;
    const room = Math.min(175, Math.max(64, width / (turns + 1)));
    const most = Math.max(...columns.map((column) => column.size));
    const unit = (height - top - gap * (most - 1) - 4) / Math.max(episodes.length, 1);
    const left = (turn) => (turns === 1 ? 0 : ((width - room - thick) * turn) / (turns - 1));
    const places = columns.map((column) => {
      let y = top;
      const found = new Map();
      for (const each of order) {
        const count = column.get(each);
        if (!count) continue;
        found.set(each, { y, height: count * unit, count, out: y, in: y });
        y += count * unit + gap;
      }
      return found;
    });
    const share = (count) => percent(count / episodes.length, 0);
    between.forEach((links, turn) => {
      for (const a of order) for (const b of order) {
        const count = links.get(`${a}:${b}`);
        if (!count) continue;
        const [from, to] = [places[turn].get(a), places[turn + 1].get(b)];
        const [x0, x1, size] = [left(turn) + thick, left(turn + 1), Math.max(count * unit, 0.75)];
        const middle = (x0 + x1) / 2;
        const [y0, y1] = [from.out, to.in];
        from.out += count * unit;
        to.in += count * unit;
        const ribbon = draw("path", { class: `ribbon is-${b}`, d:
          `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}V${y1 + size}C${middle} ${y1 + size} ${middle} ${y0 + size} ${x0} ${y0 + size}Z` });
        tip(ribbon, `${stateWords(a)} at turn ${turn + 1} → ${stateWords(b)} at turn ${turn + 2}: ${plural(count, "episode")}, ${share(count)}`);
        picture.append(filterButton(ribbon, { flow: `${turn + 1}:${a}:${b}`, ...own }));
      }
    });
    places.forEach((nodes, turn) => {
      picture.append(draw("text", { class: "tick", x: left(turn), y: 12 }, `turn ${turn + 1}`));
      for (const [each, node] of nodes) {
        const bar = draw("rect", { class: `node is-${each}`, x: left(turn), y: node.y, width: thick, height: Math.max(node.height, 1.5), rx: 2 });
        tip(bar, `${stateWords(each)} at turn ${turn + 1}: ${plural(node.count, "episode")}, ${share(node.count)}`);
        picture.append(filterButton(bar, { state: `${turn + 1}:${each}`, ...own }));
        if (node.height < 12) continue;
        const space = turn === turns - 1 ? room : left(turn + 1) - left(turn) - thick;
        const text = `${stateWords(each)} ${share(node.count)}`;
        const fits = text.length * 6.4 < space - 10;
        picture.append(draw("text", { class: "node-label", x: left(turn) + thick + 6, y: node.y + Math.min(node.height / 2, 14) + 4 }, fits ? text : share(node.count)));
      }
    });
  }, `Verdicts by turn of ${runName(run)}`);
}

/** A small line without axes. */
function spark(values, label) {
  const [width, height] = [72, 20];
  const high = Math.max(...values, 1e-9);
  const at = values.map((value, i) => [values.length === 1 ? width / 2 : 2 + (i * (width - 4)) / (values.length - 1), height - 2 - (value / high) * (height - 5)]);
  const last = at[at.length - 1];
  return tip(draw("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    draw("polyline", { points: at.map((each) => each.map((value) => value.toFixed(1)).join(",")).join(" ") }),
    draw("circle", { cx: last[0], cy: last[1], r: 2 })), label);
}
