// The table of problems, and the list of episodes with its filters.

const ROWS = 25;

/** Buttons that leaf through rows. */
function pager(first, count, rows, go, noun) {
  if (count <= rows) return null;
  const at = (label, text, target, off) => make("button", { type: "button", class: "quiet", "aria-label": label, disabled: off, onclick: () => go(target) }, text);
  return make("nav", { class: "pager", "aria-label": `pages of ${noun}` },
    at(`first ${noun}`, "«", 0, first === 0), at(`previous ${noun}`, "‹", Math.max(0, first - rows), first === 0),
    make("span", {}, `${number(first + 1)} to ${number(Math.min(count, first + rows))} of ${number(count)}`),
    at(`next ${noun}`, "›", first + rows, first + rows >= count), at(`last ${noun}`, "»", Math.floor((count - 1) / rows) * rows, first + rows >= count));
}

/** A heading of a column that sorts by it. */
function sorter(order, key, label, changed, numeric) {
  const on = order.key === key;
  return make("th", { scope: "col", class: numeric ? "number" : null, "aria-sort": on ? (order.down ? "descending" : "ascending") : null },
    make("button", { type: "button", class: "sort", onclick: () => {
      order.down = on ? !order.down : false;
      order.key = key;
      changed();
    } }, label, make("span", { "aria-hidden": "true" }, on ? (order.down ? " ↓" : " ↑") : "")));
}

function sorted(list, keyOf, down) {
  const keyed = list.map((each) => [keyOf(each), each]);
  const compare = (a, b) => (typeof a === "string" ? (a < b ? -1 : a > b ? 1 : 0) : a - b);
  keyed.sort(([a], [b]) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : down ? compare(b, a) : compare(a, b)));
  return keyed.map(([, each]) => each);
}

// --- problems ---

const problemOrder = { key: null, down: false };
let firstProblem = 0;
let problemRows = [];

function findProblems() {
  const rows = new Map();
  for (const episode of members) {
    const problem = data.episodes.problem[episode];
    if (!rows.has(problem)) rows.set(problem, { problem, runs: head.runs.map(() => ({ solved: 0, known: 0, none: 0, at: [] })), failures: new Map() });
    const row = rows.get(problem);
    const own = row.runs[data.episodes.run[episode]];
    if (!data.episodes.has_verdict[episode]) own.none++;
    else {
      own.known++;
      const at = data.episodes.solved_at[episode];
      if (at) own.solved++;
      own.at[at] = (own.at[at] || 0) + 1;
    }
    const first = data.first[episode];
    for (let turn = first, end = first + data.episodes.turns[episode]; turn < end; turn++) {
      if (data.turns.verdict[turn] === ACCEPTED) continue;
      const why = data.turns.category[turn] >= 0 ? categoryWords(data.turns.category[turn]) : verdictWords(data.turns.verdict[turn]);
      row.failures.set(why, (row.failures.get(why) || 0) + 1);
    }
  }
  problemRows = [...rows.values()];
  for (const row of problemRows) {
    row.rates = row.runs.map((own) => (own.known ? own.solved / own.known : null));
    row.worse = row.rates.length > 1 && row.rates[0] !== null && row.rates.at(-1) !== null ? row.rates.at(-1) - row.rates[0] : null;
    row.failure = [...row.failures].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
  }
}

function problemsSection() {
  findProblems();
  if (problemOrder.key === null) problemOrder.key = head.runs.length > 1 ? "worse" : "rate-0";
  return section("problems", "Problems",
    make("p", { class: "lead" }, head.runs.length > 1 ? "What got worse comes first. " : "The hardest come first. ", "Click a problem to list its episodes."), make("div", { id: "problem-table" }));
}

function showProblems() {
  const box = element("problem-table");
  if (!box) return;
  const wanted = (filters.get("find") || "").toLowerCase();
  const found = wanted ? problemsWith(wanted) : null;
  const passes = (problem) => (!found || found[problem]) && (!filters.has("tag") || head.problems[problem][5].includes(filters.get("tag")))
    && (!filters.has("source") || head.problems[problem][2] === filters.get("source")) && (!filters.has("difficulty") || head.problems[problem][3] === filters.get("difficulty"));
  const keys = { id: (row) => head.problems[row.problem][0], worse: (row) => row.worse, failure: (row) => row.failure };
  head.runs.forEach((_, run) => (keys[`rate-${run}`] = (row) => row.rates[run]));
  const rows = sorted(problemRows.filter((row) => passes(row.problem)), keys[problemOrder.key], problemOrder.down);
  firstProblem = Math.min(firstProblem, Math.max(0, Math.floor((rows.length - 1) / 15) * 15));
  const again = () => { firstProblem = 0; showProblems(); };
  const go = (target) => { firstProblem = target; showProblems(); };
  const table = make("table", { class: "list problems" },
    make("thead", {}, make("tr", {}, sorter(problemOrder, "id", "Problem", again),
      head.runs.map((_, run) => sorter(problemOrder, `rate-${run}`, severalRuns() ? runBadge(run) : "Solved", again)),
      head.runs.length > 1 && sorter(problemOrder, "worse", "Change", again, true), sorter(problemOrder, "failure", "Commonest failure", again))),
    make("tbody", {}, rows.slice(firstProblem, firstProblem + 15).map((row) => {
      const [id, , , difficulty, , tags] = head.problems[row.problem];
      return make("tr", {},
        make("td", {}, filterButton(make("span", { class: "link" }, name(id)), { problem: id }), make("span", { class: "faint tags" }, [difficulty, ...tags].filter(Boolean).slice(0, 4).map((tag) => make("span", { class: "tag" }, name(tag))))),
        row.runs.map((own, run) => make("td", { "data-label": severalRuns() ? runName(run) : "solved" }, solveBar(own, run))),
        head.runs.length > 1 && make("td", { class: "number", "data-label": "change" }, row.worse === null ? "–" : make("span", { class: row.worse < 0 ? "worse" : row.worse > 0 ? "better" : "faint" }, row.worse ? signed(`${Math.round(100 * Math.abs(row.worse))} points`, row.worse) : "none")),
        make("td", { "data-label": "commonest failure" }, visible(row.failure) || null));
    })));
  box.replaceChildren(make("div", { class: "card scroll" }, rows.length ? table : make("p", { class: "faint" }, "No problem passes the filters.")), ...[pager(firstProblem, rows.length, 15, go, "problems")].filter(Boolean));
  markPressed();
}

/** Episodes of a problem by the turn that solved them. */
function solveBar(own, run) {
  if (!own.known) return make("span", { class: "faint" }, own.none ? `${own.none} without a verdict` : "–");
  const turns = own.at.map((count, turn) => [turn, count]).filter(([turn, count]) => turn && count);
  const text = `${own.solved} of ${plural(own.known, "episode")} solved${turns.length ? `: ${turns.map(([turn, count]) => `${count} at turn ${turn}`).join(", ")}` : ""}${own.none ? `; ${own.none} without a verdict` : ""}`;
  return tip(make("span", { class: "solve-bar", role: "img" }, make("span", { class: "stack" }, turns.map(([turn, count]) =>
    make("i", { class: `run-${run} at-${Math.min(turn, 4)}`, style: { width: `${(100 * count) / own.known}%` } }))), make("span", {}, `${own.solved}/${own.known}`)), text);
}

// --- episodes ---

const episodeOrder = { key: null, down: false };
let firstEpisode = 0;
let shownEpisodes = [];
let selected = -1; // place in shownEpisodes

function episodesSection() {
  return section("episodes", "Episodes", filterForm(), make("div", { id: "chips", class: "chips", "aria-label": "filters" }), make("div", { id: "episode-table" }));
}

function filterForm() {
  const set = (kind) => (value) => toggleTo(kind, value);
  const toggleTo = (kind, value) => { if (value) filters.set(kind, value); else filters.delete(kind); filtersChanged(); };
  const options = (values, label = (each) => each) => [["", "any"], ...values.map((each) => [each, label(each)])];
  const used = (column) => [...new Set(data.turns[column])].filter((each) => each >= 0).sort((a, b) => a - b);
  const turns = data.episodes.turns.reduce((a, b) => Math.max(a, b), 1);
  const several = (values) => values.length > 1;
  const tags = [...new Set(head.problems.flatMap((each) => each[5]))].sort();
  const difficulties = [...new Set(head.problems.map((each) => each[3]).filter(Boolean))].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  const sources = [...new Set(head.problems.map((each) => each[2]).filter(Boolean))].sort();
  const field = (kind, label, choices) => {
    const box = select(label, choices, filters.get(kind) || "", set(kind));
    box.lastChild.dataset.kind = kind;
    return box;
  };
  const search = make("input", { id: "search", type: "search", placeholder: "id, tag, category", autocomplete: "off", spellcheck: "false", value: filters.get("find") || "",
    oninput: (event) => toggleTo("find", event.target.value.trim()),
    onkeydown: (event) => { if (event.key === "Enter") { event.preventDefault(); inTexts(); } } });
  const inTexts = () => {
    const value = search.value.trim();
    if (!value) return search.focus();
    filters.delete("find");
    search.value = "";
    toggleTo("text", value);
  };
  return make("form", { class: "filters", role: "search", "aria-label": "Filter episodes", onsubmit: (event) => event.preventDefault() },
    make("label", { class: "field wide" }, make("span", {}, "Find ", make("kbd", {}, "/")), make("span", { class: "with-button" }, search,
      make("button", { type: "button", onclick: inTexts, title: "programs, responses, feedback and outputs" }, "Search texts"))),
    severalRuns() && field("run", "Run", options(head.runs.map((_, run) => String(run)), (run) => runName(Number(run)))),
    field("outcome", "Outcome", options(OUTCOMES)),
    field("verdict", "Verdict", options(used("verdict").map((each) => verdicts[each]), words)),
    used("category").length > 0 && field("category", "Category", options(used("category").map(categoryName).sort(), words)),
    turns > 1 && field("turn", "At turn", options(Array.from({ length: turns }, (_, i) => String(i + 1)))),
    several(tags) && field("tag", "Tag", options(tags)),
    several(difficulties) && field("difficulty", "Difficulty", options(difficulties)),
    several(sources) && field("source", "Source", options(sources)));
}

/** Puts what the filters say into the form. */
function markForm() {
  for (const box of document.querySelectorAll("select[data-kind]")) box.value = filters.get(box.dataset.kind) || "";
  const search = element("search");
  if (search && document.activeElement !== search) search.value = filters.get("find") || "";
}

function chips() {
  const list = [...filters].filter(([kind]) => kind in KINDS).map(([kind, value]) => make("button", { type: "button", class: "chip", "aria-label": `remove the filter ${KINDS[kind][0](value)}`, onclick: () => toggle({ [kind]: value }) },
    kind === "problem" && "problem ", visible(KINDS[kind][0](value)), make("span", { "aria-hidden": "true" }, " ×")));
  if (list.length > 1) list.push(make("button", { type: "button", class: "quiet", onclick: clearFilters }, "Clear all"));
  return list;
}

function clearFilters() {
  filters.clear();
  filtersChanged();
}

function findEpisodes() {
  const last = (episode) => data.first[episode] + data.episodes.turns[episode] - 1;
  const keys = {
    problem: problemId, outcome: (e) => (outcome(e) === 0 ? data.episodes.solved_at[e] : 1000 + outcome(e)), step: (e) => data.episodes.step[e],
    run: (e) => data.episodes.run[e], category: (e) => (data.turns.category[last(e)] >= 0 ? categoryName(data.turns.category[last(e)]) : null),
    reward: (e) => sumOfTurns(e, "reward"), tokens: (e) => sumOfTurns(e, "tokens"), cpu: (e) => sumOfTurns(e, "cpu"),
  };
  const found = filtered();
  shownEpisodes = episodeOrder.key ? sorted(found, keys[episodeOrder.key], episodeOrder.down) : found;
}

function showEpisodes() {
  findEpisodes();
  element("chips").replaceChildren(...chips());
  firstEpisode = Math.min(firstEpisode, Math.max(0, Math.floor((shownEpisodes.length - 1) / ROWS) * ROWS));
  const again = () => { firstEpisode = 0; selected = -1; showEpisodes(); };
  const go = (target) => { firstEpisode = target; selected = -1; showEpisodes(); };
  const set = sets[scope.set];
  const steps = set && scope.step === "all" && hasSteps(set);
  const tokens = data.turns.tokens?.some((each) => each >= 0);
  const rows = shownEpisodes.slice(firstEpisode, firstEpisode + ROWS);
  const table = make("table", { class: "list episodes" },
    make("thead", {}, make("tr", {}, sorter(episodeOrder, "outcome", "Outcome", again), sorter(episodeOrder, "problem", "Problem", again),
      severalRuns() && sorter(episodeOrder, "run", "Run", again), steps && sorter(episodeOrder, "step", "Step", again, true),
      make("th", { scope: "col" }, "Turns"), sorter(episodeOrder, "category", "Last category", again),
      sorter(episodeOrder, "reward", "Reward", again, true), tokens && sorter(episodeOrder, "tokens", "Tokens", again, true), sorter(episodeOrder, "cpu", "CPU", again, true))),
    make("tbody", {}, rows.map((episode, i) => episodeRow(episode, firstEpisode + i, steps, tokens))));
  const searching = filters.has("text") && textSearch.searched < textSearch.total;
  element("episode-table").replaceChildren(
    make("p", { class: "faint", role: "status" }, searching ? `Searched ${percent(textSearch.searched / textSearch.total, 0)} of the texts: ` : "",
      filters.size || shownEpisodes.length !== members.length ? `${number(shownEpisodes.length)} of ${plural(members.length, "episode")}` : plural(members.length, "episode")),
    make("div", { class: "card scroll" }, rows.length ? table : make("p", { class: "faint" }, filters.size ? "No episode passes the filters. " : live ? "No episode has ended yet." : "There are no episodes.", filters.size > 0 && make("button", { type: "button", onclick: clearFilters }, "Clear all"))),
    ...[pager(firstEpisode, shownEpisodes.length, ROWS, go, "episodes")].filter(Boolean));
}

const outcomeMark = (episode) => {
  const kind = outcome(episode);
  return make("span", { class: `outcome is-${["solved", "failed", "none"][kind]}` }, make("i", { "aria-hidden": "true" }, ["✓", "✗", "?"][kind]),
    kind === 0 ? ` turn ${data.episodes.solved_at[episode]}` : kind === 1 ? make("span", {}, " not solved") : make("span", {}, " no verdict"));
};

function letterChip(verdict) {
  return make("abbr", { class: `letter is-${verdicts[verdict]}`, title: verdictWords(verdict) }, verdict === ACCEPTED ? "✓" : letters[verdict]);
}

function verdictChips(episode) {
  const first = data.first[episode];
  return make("span", { class: "letters" }, Array.from({ length: data.episodes.turns[episode] }, (_, i) => letterChip(data.turns.verdict[first + i])));
}

function episodeRow(episode, place, steps, tokens) {
  const lastTurn = data.first[episode] + data.episodes.turns[episode] - 1;
  const category = data.turns.category[lastTurn];
  const reward = sumOfTurns(episode, "reward");
  return make("tr", { class: place === selected ? "selected" : null, "data-place": place, onclick: (event) => { if (!event.target.closest("a, button")) open(episode); } },
    make("td", {}, outcomeMark(episode)),
    make("td", {}, make("a", { href: episodeLink(episode) }, name(problemId(episode)), make("span", { class: "faint" }, data.episodes.sample[episode] ? ` #${data.episodes.sample[episode] + 1}` : ""))),
    severalRuns() && make("td", { "data-label": "run" }, runBadge(data.episodes.run[episode])),
    steps && make("td", { class: "number", "data-label": "step" }, number(data.episodes.step[episode])),
    make("td", {}, verdictChips(episode)),
    make("td", { class: "faint" }, category >= 0 ? visible(categoryWords(category)) : ""),
    make("td", { class: "number", "data-label": "reward" }, signed(amount(Math.abs(reward)), reward)),
    tokens && make("td", { class: "number", "data-label": "tokens" }, number(Math.max(0, sumOfTurns(episode, "tokens")))),
    make("td", { class: "number", "data-label": "CPU" }, seconds(sumOfTurns(episode, "cpu"))));
}

function episodeLink(episode) {
  const run = data.episodes.run[episode];
  return `#episode=${data.episodes.id[episode]}${run ? `&run=${run}` : ""}`;
}

/** Moves the selection in the list. */
function moveSelection(by) {
  if (!shownEpisodes.length) return;
  const start = selected < 0 ? (by > 0 ? firstEpisode - 1 : firstEpisode + 1) : selected;
  selected = Math.min(shownEpisodes.length - 1, Math.max(0, start + by));
  const wanted = Math.floor(selected / ROWS) * ROWS;
  if (wanted !== firstEpisode) firstEpisode = wanted;
  showEpisodes();
  const row = document.querySelector(`tr[data-place="${selected}"]`);
  row?.querySelector("a").focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}
