// The sections above the list of episodes: numbers, training, turns, errors, problems, settings.

const section = (id, title, ...children) =>
  make("section", { id, "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title` }, title), children);

const runBadge = (run) => make("span", { class: "run" }, make("i", { class: `swatch run-${run}` }), name(runName(run)));

// --- the scope ---

function scopeBar() {
  const set = sets[scope.set];
  const choices = [];
  if (sets.length > 1) {
    choices.push(select("Episodes of", sets.map((each, i) => [String(i), each.label]), String(scope.set), (value) => {
      scope.set = Number(value);
      scope.step = sets[scope.set].phaseName === "train" ? "all" : "last";
      scopeChanged();
    }));
  }
  if (set && hasSteps(set)) {
    const options = [["last", "last step"], ["all", "all steps"], ...set.steps.map((step) => [String(step), `step ${number(step)}`])];
    choices.push(select("At", options, String(scope.step), (value) => {
      scope.step = value === "last" || value === "all" ? value : Number(value);
      scopeChanged();
    }));
  }
  return choices.length ? make("div", { class: "scope", role: "group", "aria-label": "Episodes that are shown" }, choices) : null;
}

function select(label, options, value, onchange) {
  const box = make("select", { onchange: (event) => onchange(event.target.value) });
  for (const [key, text] of options) box.append(make("option", { value: key, selected: key === value }, visible(text)));
  return make("label", { class: "field" }, make("span", {}, label), box);
}

// --- numbers ---

const LABELS = {
  solve_rate: "Solve rate", repair_rate: "Repair rate", valid_programs: "Valid programs", repeated_programs: "Repeated programs",
  distinct_programs: "Distinct programs", turns: "Turns", prompt_tokens: "Tokens read", completion_tokens: "Tokens written",
  tokens_per_solved: "Tokens written per solved", executions: "Executions", cpu_seconds: "CPU seconds",
};
function metricLabel(metric) {
  const turn = metric.match(/^solved_at_(\d+)$/);
  return turn ? `Solved by turn ${turn[1]}` : LABELS[metric] || words(metric);
}

const isShare = (metric) => head.metrics[metric]?.share ?? true;
const shownValue = (metric, value) => (value === null ? "–" : isShare(metric) ? percent(value) : amount(value));
const shownRange = (metric, { low, high }) =>
  low === null || high === null ? "" : isShare(metric) ? `${(100 * low).toFixed(1)} to ${percent(high)}` : `${amount(low)} to ${amount(high)}`;

function numbers() {
  const groups = head.runs.map((_, run) => groupOf(run) ?? countedGroup(run));
  const cards = groups.map((group, run) => runCard(run, group));
  const turnPoints = groups.map((group, run) => ({ run, points: turnSolves(group) }));
  const turns = Math.max(...turnPoints.map((each) => each.points.length));
  const figure = turns > 1 && make("figure", { class: "card" },
    make("figcaption", {}, "Solved by turn ", make("span", { class: "faint" }, "share of episodes, averaged over problems, with 95\u2009% intervals")),
    turnChart(turnPoints, turns));
  return section("numbers", severalRuns() ? "Results side by side" : "Results", make("div", { class: `cards ${figure ? "with-figure" : ""}` },
    make("div", { class: "run-cards" }, cards), figure), metricTable(groups));
}

/** Numbers of the scope without intervals, for steps of which the report has none. */
function countedGroup(run) {
  const byProblem = new Map();
  const own = membersOf(run);
  for (const episode of own) {
    if (!data.episodes.has_verdict[episode]) continue;
    const counts = byProblem.get(data.episodes.problem[episode]) || [0, 0];
    counts[0] += data.episodes.solved_at[episode] > 0;
    counts[1]++;
    byProblem.set(data.episodes.problem[episode], counts);
  }
  const rates = [...byProblem.values()].map(([solved, known]) => solved / known);
  const value = rates.length ? rates.reduce((a, b) => a + b) / rates.length : null;
  return {
    step: sets[scope.set] && scope.step !== "all" ? stepOf(sets[scope.set], run) : null, episodes: own.length, problems: new Set(own.map((e) => data.episodes.problem[e])).size,
    no_verdict: own.filter((e) => !data.episodes.has_verdict[e]).length, metrics: { solve_rate: { value, low: null, high: null } },
  };
}

function turnSolves(group) {
  if (!group) return [];
  return Object.entries(group.metrics).filter(([metric]) => /^solved_at_\d+$/.test(metric)).map(([metric, estimate]) => ({ turn: Number(metric.slice(10)), ...estimate }));
}

function turnChart(series, turns) {
  return chart(Math.min(180 + 130 * (series.length - 1), 420), (picture, width, height) => {
    const edges = { left: 44, right: 14, top: 10, bottom: 26 };
    const y = (value) => height - edges.bottom - value * (height - edges.bottom - edges.top);
    const slot = (width - edges.left - edges.right) / turns;
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
      picture.append(draw("line", { class: "grid", x1: edges.left, x2: width - edges.right, y1: y(tick), y2: y(tick) }),
        draw("text", { class: "tick", x: edges.left - 8, y: y(tick) + 4, "text-anchor": "end" }, `${100 * tick}\u2009%`));
    }
    const bar = Math.min(34, (slot * 0.7) / series.length);
    for (let turn = 1; turn <= turns; turn++) {
      const centre = edges.left + slot * (turn - 0.5);
      picture.append(draw("text", { class: "tick", x: centre, y: height - 8, "text-anchor": "middle" }, `turn ${turn}`));
      series.forEach(({ run, points }, i) => {
        const point = points.find((each) => each.turn === turn);
        if (!point || point.value === null) return;
        const x = centre + (i - (series.length - 1) / 2) * bar;
        const label = `${severalRuns() ? `${runName(run)}: ` : ""}solved by turn ${turn}: ${percent(point.value)} (${shownRange("solve_rate", point)})`;
        picture.append(
          draw("rect", { class: `bar run-${run}`, x: x - bar * 0.42, width: bar * 0.84, y: y(point.value), height: Math.max(y(0) - y(point.value), 1), rx: 2 }),
          draw("path", { class: "error", d: `M${x} ${y(point.low)}V${y(point.high)}M${x - 4} ${y(point.low)}h8M${x - 4} ${y(point.high)}h8` }),
          tip(draw("rect", { class: "target", x: x - bar / 2, width: bar, y: edges.top, height: height - edges.top - edges.bottom, role: "img", tabindex: "0" }), label));
      });
    }
  }, "Share of episodes solved by turn");
}

function runCard(run, group) {
  const about = head.runs[run];
  const facts = [];
  if (group) facts.push(plural(group.episodes, "episode"), plural(group.problems, "problem"), `${number(group.no_verdict)} without a verdict`);
  if (group && group.step !== null && group.step !== "all") facts.push(`step ${number(group.step)}`);
  const solve = group?.metrics.solve_rate;
  const known = solve && solve.value !== null;
  return make("div", { class: "card run-card" },
    make("h3", {}, runBadge(run), make("span", { class: "faint" }, name(about.subtitle))),
    known ? make("p", { class: "hero" }, percent(solve.value), " ", make("small", {}, "solved")) : make("p", { class: "hero none" }, "–"),
    known && solve.low !== null && make("p", { class: "interval" }, whisker(solve, run), make("span", {}, `95\u2009% interval ${shownRange("solve_rate", solve)}`)),
    group?.refusal && make("p", { class: "warning" }, visible(group.refusal)),
    make("p", { class: "faint" }, facts.join(" · ")));
}

const FIRST_METRICS = /^(solve_rate|repair_rate|valid_programs|repeated_programs|completion_tokens|cpu_seconds|pass@\d+|\d+@\d+)$/;

function metricTable(groups) {
  const names = [...new Set(groups.flatMap((group) => Object.keys(group?.metrics || {})))].filter((metric) =>
    !/^(solved_at_.*|pass@1)$/.test(metric) && groups.some((group) => group?.metrics[metric]?.value !== null && group?.metrics[metric] !== undefined));
  if (!names.length) return null;
  const row = (metric) => {
    const estimates = groups.map((group) => group?.metrics[metric]);
    const bounds = isShare(metric) ? [0, 1] : [0, Math.max(...estimates.map((each) => (each && each.high !== null ? each.high : 0))) || 1];
    return make("tr", {}, make("th", { scope: "row", title: head.metrics[metric]?.meaning }, metricLabel(metric)),
      estimates.map((estimate, run) => make("td", { "data-label": severalRuns() ? runName(run) : null }, estimate && estimate.value !== null
        ? make("span", { class: "estimate" }, make("b", {}, shownValue(metric, estimate.value)), make("span", { class: "faint" }, shownRange(metric, estimate)), whisker(estimate, run, bounds))
        : make("span", { class: "faint" }, "–"))),
      groups.slice(1).map((_, i) => make("td", { class: "difference", "data-label": `difference to ${runName(0)}` }, difference(metric, i + 1, estimates))));
  };
  const first = names.filter((metric) => FIRST_METRICS.test(metric));
  const rest = names.filter((metric) => !FIRST_METRICS.test(metric));
  const header = severalRuns() && make("thead", {}, make("tr", {}, make("th", { scope: "col" }, make("span", { class: "hidden" }, "measure")),
    groups.map((_, run) => make("th", { scope: "col" }, runBadge(run))),
    groups.slice(1).map((_, i) => make("th", { scope: "col" }, groups.length > 2 ? [name(runName(i + 1)), " − "] : "difference to ", name(runName(0))))));
  const table = (list, head) => make("table", { class: "metrics" }, head, make("tbody", {}, list.map(row)));
  return [make("div", { class: "card scroll" }, table(first, header),
    rest.length > 0 && make("details", {}, make("summary", {}, `${rest.length} more measures`), table(rest, header && header.cloneNode(true))))];
}

function difference(metric, run, estimates) {
  const compared = comparisonOf(run)?.[metric];
  if (compared) {
    const points = (value) => signedValue(metric, value).replace(" points", "");
    const sure = compared.low > 0 || compared.high < 0;
    return [make("b", { class: sure ? "sure" : "" }, signedValue(metric, compared.difference)),
      make("span", { class: "faint" }, ` ${points(compared.low)} to ${points(compared.high)}, ${compared.p_value < 0.001 ? "p < 0.001" : `p = ${amount(compared.p_value)}`}`)];
  }
  const [before, after] = [estimates[0]?.value, estimates[run]?.value];
  if (before === undefined || before === null || after === undefined || after === null) return make("span", { class: "faint" }, "–");
  return signedValue(metric, after - before);
}

/** What the report computed about a run's differences to the first, if it is about the scope. */
function comparisonOf(run) {
  const [compared, set] = [head.comparisons[run], sets[scope.set]];
  return set && scope.step === "last" && compared?.phase === set.phaseName && compared.evaluation === set.evaluationName ? compared.metrics : undefined;
}

function signedValue(metric, value) {
  return isShare(metric) ? signed(`${(100 * Math.abs(value)).toFixed(1)} points`, value) : signed(amount(Math.abs(value)), value);
}

// --- training ---

let curveMetric = "solve_rate";

function training() {
  const runs = head.runs.map((about, run) => ({ about, run, groups: about.groups.filter((group) => typeof group.step === "number") }));
  const keys = [...new Set(runs.flatMap(({ groups }) => groups.map((group) => setKey(group.phase, group.evaluation))))];
  const many = keys.filter((key) => runs.some(({ groups }) => groups.filter((group) => setKey(group.phase, group.evaluation) === key).length > 1));
  const series = head.runs.some((about) => Object.keys(about.series).length);
  if (!many.length && !series) return null;
  const metrics = [...new Set(runs.flatMap(({ groups }) => groups.flatMap((group) => Object.keys(group.metrics))))];
  const box = make("div", { class: "grid-2 apart" });
  const fillBox = () => replace(box, many.map((key) => {
    const [phase, evaluation] = key.split("\n");
    const set = sets.find((each) => each.phaseName === phase && each.evaluationName === evaluation);
    return make("figure", { class: "card" }, make("figcaption", {}, metricLabel(curveMetric), make("span", { class: "faint" }, visible(set?.label || phase))),
      lines(runs.map(({ about, run, groups }) => ({
        run,
        ceilings: curveMetric === "solve_rate" && phase === "evaluate" ? about.ceilings : undefined,
        forecast: curveMetric === "solve_rate" && phase === "evaluate" ? about.forecasts?.[evaluation]?.band : undefined,
        points: groups.filter((group) => setKey(group.phase, group.evaluation) === key && group.metrics[curveMetric]?.value !== null && group.metrics[curveMetric])
          .map((group) => ({
            x: group.step, ...group.metrics[curveMetric],
            tip: `${severalRuns() ? `${runName(run)}, ` : ""}${group.from === group.step ? `step ${number(group.step)}` : `steps ${number(group.from)} to ${number(group.step)}`}: ${shownValue(curveMetric, group.metrics[curveMetric].value)} (${shownRange(curveMetric, group.metrics[curveMetric])}), ${plural(group.episodes, "episode")}${group.no_verdict ? `, ${number(group.no_verdict)} without a verdict` : ""}`,
            click: set && group.from === group.step ? () => {
              scope.set = sets.indexOf(set);
              scope.step = group.step;
              scopeChanged();
            } : undefined,
          })),
      })), { share: isShare(curveMetric), label: `${metricLabel(curveMetric)} over training steps` }),
      head.runs.map((about, run) => about.forecasts?.[evaluation]?.text && phase === "evaluate" && curveMetric === "solve_rate"
        ? make("p", { class: "faint note" }, severalRuns() && runBadge(run), " ", visible(about.forecasts[evaluation].text)) : null));
  }));
  fillBox();
  return section("training", "Training",
    metrics.length > 1 && select("Measure of the curves", metrics.map((metric) => [metric, metricLabel(metric)]), curveMetric, (value) => {
      curveMetric = value;
      fillBox();
    }), box, seriesCharts());
}

function seriesCharts() {
  const names = [...new Set(head.runs.flatMap((about) => Object.keys(about.series)))];
  if (!names.length) return null;
  const one = (each) => make("figure", { class: "card small" }, make("figcaption", {}, visible(each)),
    lines(head.runs.map((about, run) => ({ run, points: (about.series[each] || []).map(([x, value]) => ({ x, value, tip: `step ${number(x)}: ${amount(value)}` })) })), { height: 120, share: false, label: `${each} over steps` }));
  const shown = names.slice(0, 8);
  return [make("div", { class: "grid-4" }, shown.map(one)), names.length > shown.length && lazily(`${names.length - shown.length} more measures of training`, () => make("div", { class: "grid-4" }, names.slice(8).map(one)))];
}

/** A section that is built when it is opened. */
function lazily(summary, build) {
  const details = make("details", {}, make("summary", {}, summary));
  details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && details.append(build()));
  return details;
}

// --- turns ---

function turnsSection() {
  const turns = members.reduce((most, episode) => Math.max(most, data.episodes.turns[episode]), 1);
  return section("turns", "Verdicts by turn", make("p", { class: "lead" }, "Every column holds all episodes. Click a part to list its episodes."),
    make("div", { class: severalRuns() ? "grid-2" : "" }, head.runs.map((_, run) => {
      const own = membersOf(run);
      return make("figure", { class: "card" }, severalRuns() && make("figcaption", {}, runBadge(run)), own.length ? flows(own, turns, run) : make("p", { class: "faint" }, "no episodes"));
    })));
}

// --- errors ---

function errors() {
  const counts = head.runs.map(() => new Map());
  const failed = head.runs.map(() => 0);
  const bySlot = new Map(); // category -> counts by turn
  const turnsFailed = [];
  for (const episode of members) {
    const run = data.episodes.run[episode];
    const first = data.first[episode];
    for (let turn = 0; turn < data.episodes.turns[episode]; turn++) {
      if (data.turns.verdict[first + turn] === ACCEPTED) continue;
      failed[run]++;
      turnsFailed[turn] = (turnsFailed[turn] || 0) + 1;
      const category = data.turns.category[first + turn];
      counts[run].set(category, (counts[run].get(category) || 0) + 1);
      if (!bySlot.has(category)) bySlot.set(category, []);
      bySlot.get(category)[turn] = (bySlot.get(category)[turn] || 0) + 1;
    }
  }
  const total = (category) => counts.reduce((sum, each) => sum + (each.get(category) || 0), 0);
  const list = [...bySlot.keys()].filter((category) => category >= 0).sort((a, b) => total(b) - total(a));
  if (!list.length) return null;
  const most = Math.max(...list.flatMap((category) => counts.map((each, run) => (each.get(category) || 0) / (failed[run] || 1))));
  const trends = trendOverSteps(list);
  const row = (category) => {
    const meaning = head.names.meanings?.[categoryName(category)];
    const shares = counts.map((each, run) => (each.get(category) || 0) / (failed[run] || 1));
    const text = `${categoryWords(category)}${meaning ? `: the program ${meaning}` : ""}. ${counts.map((each, run) =>
      `${severalRuns() ? `${runName(run)}: ` : ""}${plural(each.get(category) || 0, "turn")}, ${percent(shares[run])} of failed turns`).join("; ")}`;
    const trend = trends
      ? spark(trends.get(category), `share of failed turns over steps ${trends.first} to ${trends.last}: ${trends.get(category).map((value) => percent(value, 0)).join(", ")}`)
      : turnsFailed.length > 1 && spark(turnsFailed.map((all, turn) => (bySlot.get(category)[turn] || 0) / all), `share of failed turns at turns 1 to ${turnsFailed.length}: ${turnsFailed.map((all, turn) => percent((bySlot.get(category)[turn] || 0) / all, 0)).join(", ")}`);
    return make("li", {}, filterButton(tip(make("div", { class: "category" },
      make("span", { class: "category-name" }, visible(categoryWords(category))),
      make("span", { class: "bars" }, shares.map((share, run) => make("i", { class: `bar run-${run}`, style: { width: `${(100 * share) / most}%` } }))),
      make("span", { class: "share" }, shares.map((share) => make("span", {}, percent(share))))), text), { category: categoryName(category) }), trend);
  };
  const shown = list.slice(0, 12);
  return section("errors", "Why turns fail",
    make("p", { class: "lead" }, `${plural(failed.reduce((a, b) => a + b), "failed turn")} by category; the small line is the trend over ${trends ? "training steps" : "turns"}.`),
    make("div", { class: "card" }, make("ul", { class: "categories" }, shown.map(row)),
      list.length > shown.length && lazily(`${list.length - shown.length} more categories`, () => make("ul", { class: "categories" }, list.slice(12).map(row)))));
}

/** Shares of failed turns in at most 16 groups of training steps; null where there are no steps. */
function trendOverSteps(categories) {
  const set = sets[scope.set];
  if (!set || set.steps.length < 3) return null;
  const slots = Math.min(16, set.steps.length);
  const slotOf = new Map(set.steps.map((step, i) => [step, Math.floor((i * slots) / set.steps.length)]));
  const all = new Array(slots).fill(0);
  const found = new Map(categories.map((category) => [category, new Array(slots).fill(0)]));
  for (let episode = 0; episode < data.count; episode++) {
    if (data.episodes.phase[episode] !== set.phase || data.episodes.evaluation[episode] !== set.evaluation) continue;
    const slot = slotOf.get(data.episodes.step[episode]);
    const first = data.first[episode];
    for (let turn = first, end = first + data.episodes.turns[episode]; turn < end; turn++) {
      if (data.turns.verdict[turn] === ACCEPTED) continue;
      all[slot]++;
      const counts = found.get(data.turns.category[turn]);
      if (counts) counts[slot]++;
    }
  }
  for (const counts of found.values()) counts.forEach((count, slot) => (counts[slot] = count / (all[slot] || 1)));
  return Object.assign(found, { first: number(set.steps[0]), last: number(set.steps[set.steps.length - 1]) });
}

// --- settings ---

function settings() {
  return section("settings", "Settings", head.runs.map((about, run) => make("details", { class: "card", open: head.runs.length === 1 && false },
    make("summary", {}, runBadge(run), make("span", { class: "faint" }, ` ${about.kind}, ${about.created}`)),
    make("dl", { class: "settings" }, Object.entries(flat(about.settings)).map(([key, value]) => [make("dt", {}, visible(key)), make("dd", {}, visible(value))])))));
}

function flat(value, prefix = "", found = {}) {
  for (const [key, each] of Object.entries(value || {})) {
    if (each && typeof each === "object" && !Array.isArray(each)) flat(each, `${prefix}${key}.`, found);
    else if (each !== null) found[prefix + key] = typeof each === "string" ? each : JSON.stringify(each);
  }
  return found;
}
