// Which episodes are shown: the scope (a set of episodes, at a step of training) and filters inside it.

const scope = { set: 0, step: "last" };
const filters = new Map(); // kind -> value; every filter must hold

// --- scope ---

const setKey = (phase, evaluation) => `${phase}\n${evaluation}`;
let sets = []; // {phase, evaluation, label, steps, last: step by run}

function findSets() {
  const { phase, evaluation, step, run } = data.episodes;
  const found = new Map();
  for (let i = 0; i < data.count; i++) {
    const key = phase[i] * 4096 + evaluation[i];
    let set = found.get(key);
    if (!set) found.set(key, (set = { phase: phase[i], evaluation: evaluation[i], steps: new Set(), last: [] }));
    set.steps.add(step[i]);
    if (!(set.last[run[i]] >= step[i])) set.last[run[i]] = step[i];
  }
  const nouns = { evaluate: "evaluation", train: "training", play: "play" };
  sets = [...found.values()].map((set) => {
    const [phaseName, evaluationName] = [head.names.phases[set.phase], head.names.evaluations[set.evaluation]];
    return {
      ...set,
      phaseName,
      evaluationName,
      steps: [...set.steps].sort((a, b) => a - b),
      label: evaluationName ? `${nouns[phaseName]}: ${evaluationName}` : nouns[phaseName],
    };
  });
  sets.sort((a, b) => (a.phaseName === "train") - (b.phaseName === "train"));
}

const hasSteps = (set) => set.steps.length > 1;
const stepOf = (set, run) => (scope.step === "last" ? set.last[run] : scope.step);

let members = []; // episodes of the scope
function findMembers() {
  const set = sets[scope.set];
  members = [];
  if (!set) return;
  const { phase, evaluation, step, run } = data.episodes;
  for (let i = 0; i < data.count; i++) {
    if (phase[i] !== set.phase || evaluation[i] !== set.evaluation || data.hidden.has(i)) continue;
    if (scope.step === "all" || step[i] === stepOf(set, run[i])) members.push(i);
  }
}

const membersOf = (run) => (severalRuns() ? members.filter((episode) => data.episodes.run[episode] === run) : members);

/** The metrics that the report computed for the scope. */
function groupOf(run) {
  const set = sets[scope.set];
  if (!set) return undefined;
  const step = scope.step === "all" && hasSteps(set) ? "all" : stepOf(set, run);
  return head.runs[run].groups.find(
    (group) => group.phase === set.phaseName && group.evaluation === set.evaluationName && group.from === group.step
      && (group.step === step || (!hasSteps(set) && group.step === null)),
  );
}

// --- what an episode is after a turn: solved, ended without being solved, or the verdict of that turn ---

function state(episode, turn) {
  const solved = data.episodes.solved_at[episode];
  if (solved && solved <= turn) return "solved";
  const turns = data.episodes.turns[episode];
  if (turn > turns) return "ended";
  return verdicts[data.turns.verdict[data.first[episode] + turn - 1]];
}
const stateWords = (each) => (each === "ended" ? "ended, not solved" : words(each));

// --- filters ---

/** kind -> [label of a value, function that returns a test of an episode] */
const KINDS = {
  run: [(value) => `run ${runName(Number(value)) ?? value}`, (value) => (e) => data.episodes.run[e] === Number(value)],
  outcome: [(value) => value, (value) => (e) => OUTCOMES[outcome(e)] === value],
  turn: [(value) => `turn ${value}`, (value) => (e) => data.episodes.turns[e] >= Number(value)],
  verdict: [words, (value) => ofTurns("verdict", verdicts.indexOf(value))],
  category: [words, (value) => ofTurns("category", head.names.categories.indexOf(value))],
  state: [
    (value) => `after turn ${value.split(":")[0]}: ${stateWords(value.split(":")[1])}`,
    (value) => { const [turn, wanted] = value.split(":"); return (e) => state(e, Number(turn)) === wanted; },
  ],
  flow: [
    (value) => { const [turn, a, b] = value.split(":"); return `turn ${turn} to ${Number(turn) + 1}: ${stateWords(a)} → ${stateWords(b)}`; },
    (value) => { const [turn, a, b] = value.split(":"); return (e) => state(e, Number(turn)) === a && state(e, Number(turn) + 1) === b; },
  ],
  problem: [(value) => value, (value) => (e) => problemId(e) === value],
  tag: [(value) => `tag ${value}`, (value) => ofProblem((problem) => problem[5].includes(value))],
  source: [(value) => `source ${value}`, (value) => ofProblem((problem) => problem[2] === value)],
  difficulty: [(value) => `difficulty ${value}`, (value) => ofProblem((problem) => problem[3] === value)],
  find: [(value) => `“${value}”`, (value) => foundIn(value)],
  text: [(value) => `text “${value}”`, (value) => textSearch.test(value)],
};

function ofTurns(column, wanted) {
  const values = data.turns[column];
  const at = Number(filters.get("turn") || 0);
  return (episode) => {
    const first = data.first[episode];
    if (at) return at <= data.episodes.turns[episode] && values[first + at - 1] === wanted;
    for (let turn = first, end = first + data.episodes.turns[episode]; turn < end; turn++) if (values[turn] === wanted) return true;
    return false;
  };
}

function ofProblem(test) {
  const passes = head.problems.map(test);
  return (episode) => passes[data.episodes.problem[episode]];
}

/** Finds the letters in what stands in the list: id, tags, source, categories, number of the episode. */
function foundIn(value) {
  const wanted = value.toLowerCase();
  const problems = problemsWith(wanted);
  const categories = head.names.categories.map((each) => words(each).includes(wanted) || each.toLowerCase().includes(wanted));
  return (episode) => {
    if (problems[data.episodes.problem[episode]] || data.episodes.id[episode] === wanted) return true;
    const first = data.first[episode];
    for (let turn = first, end = first + data.episodes.turns[episode]; turn < end; turn++) if (categories[data.turns.category[turn]]) return true;
    return false;
  };
}

const problemsWith = (wanted) => head.problems.map(([id, cluster, source, difficulty, published, tags]) =>
  [id, cluster, source, difficulty, published, ...tags].some((each) => each && each.toLowerCase().includes(wanted)));

/** The episodes of the scope that pass every filter. */
function filtered() {
  const tests = [...filters].filter(([kind]) => kind in KINDS).map(([kind, value]) => KINDS[kind][1](value));
  return members.filter((episode) => tests.every((test) => test(episode)));
}

/** Sets filters; one that has this value already is taken away. */
function toggle(values) {
  const on = Object.entries(values).every(([kind, value]) => filters.get(kind) === value);
  for (const [kind, value] of Object.entries(values)) {
    if (on || value === "" || value === null) filters.delete(kind);
    else filters.set(kind, value);
  }
  filtersChanged();
}

/** Makes an element a button that toggles filters. */
function filterButton(node, values) {
  node.setAttribute("role", "button");
  node.setAttribute("tabindex", "0");
  node.dataset.filter = JSON.stringify(values);
  node.addEventListener("click", () => toggle(values));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    toggle(values);
  });
  return node;
}

/** Shows which of the buttons are pressed. */
function markPressed() {
  for (const node of document.querySelectorAll("[data-filter]")) {
    const pressed = Object.entries(JSON.parse(node.dataset.filter)).every(([kind, value]) => filters.get(kind) === value);
    node.setAttribute("aria-pressed", String(pressed));
  }
}

// --- search in programs, responses, feedback and outputs ---

const textSearch = {
  wanted: null, found: new Set(), searched: 0, total: 0,
  test(value) {
    if (this.wanted !== value) this.start(value);
    return (episode) => this.found.has(episode);
  },
  async start(value) {
    Object.assign(this, { wanted: value, found: new Set(), searched: 0 });
    const byPage = new Map();
    for (const episode of members) {
      const number = data.episodes.page[episode];
      if (!byPage.has(number)) byPage.set(number, []);
      byPage.get(number).push(episode);
    }
    this.total = byPage.size;
    const letters = value.toLowerCase();
    let shown = performance.now();
    for (const [number, episodes] of byPage) {
      const found = await page(number).catch(() => null);
      if (this.wanted !== value) return;
      if (found) {
        const has = found.texts.map((text) => text.toLowerCase().includes(letters));
        const hit = (reference) => has[typeof reference === "number" ? reference : reference?.[0]];
        for (const episode of episodes) {
          const turns = found.items[data.episodes.item[episode]];
          if (turns.some((turn) => hit(turn.before) || hit(turn.program) || hit(turn.after) || hit(turn.feedback)
            || turn.failed.some((each) => hit(each[4]) || hit(each[5])))) this.found.add(episode);
        }
      }
      this.searched++;
      if (performance.now() - shown > 250 || this.searched === this.total) {
        filtersChanged();
        shown = performance.now();
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
  },
};
