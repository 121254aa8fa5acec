// The episodes: columns of numbers, and pages of texts that are unpacked when they are shown.

const element = (id) => document.getElementById(id);
const head = JSON.parse(element("head").textContent);
const live = !element("columns");

const data = { count: 0, episodes: {}, turns: {}, first: [], hidden: new Set(head.hidden) };

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Appends columns that follow the episodes known so far. */
function append(columns) {
  for (const kind of ["episodes", "turns"]) {
    for (const [name, values] of Object.entries(columns[kind])) {
      const known = data[kind][name];
      if (!known) data[kind][name] = values;
      else for (const value of values) known.push(value);
    }
  }
  const { turns } = data.episodes;
  let next = data.count ? data.first[data.count - 1] + turns[data.count - 1] : 0;
  for (let i = data.count; i < turns.length; i++) {
    data.first.push(next);
    next += turns[i];
  }
  data.count = turns.length;
}

// --- pages of texts ---

const pages = new Map(); // number -> promise of a page; the oldest are forgotten
const KEPT_PAGES = 24;
const arriving = new Map(); // number -> function that takes the page's base64 from a script

window.rlefPage = (number, base64) => arriving.get(number)?.(base64);

function page(number) {
  let found = pages.get(number);
  if (!found) {
    found = loadPage(number);
    found.catch(() => pages.delete(number));
    pages.set(number, found);
    if (pages.size > KEPT_PAGES) pages.delete(pages.keys().next().value);
  }
  return found;
}

async function loadPage(number) {
  if (live) {
    const response = await fetch(`page/${number}`);
    if (!response.ok) throw new Error("The dashboard no longer answers. Start it again.");
    if (response.headers.get("X-Finished") !== "1") queueMicrotask(() => pages.delete(number)); // it will grow
    return unpacked(await response.arrayBuffer());
  }
  const inline = element(`page-${number}`);
  if (inline) return unpacked(fromBase64(inline.textContent));
  const base64 = await new Promise((resolve, reject) => {
    arriving.set(number, resolve);
    const script = document.createElement("script");
    script.src = `${encodeURIComponent(head.pages.folder)}/page-${number}.js`;
    script.onload = () => script.remove();
    script.onerror = () => {
      script.remove();
      reject(new Error(`The texts of this episode are in the folder ${head.pages.folder}, which is not beside this page.`));
    };
    document.head.append(script);
  });
  arriving.delete(number);
  return unpacked(fromBase64(base64));
}

/** A text of a page: {text, total}, total being its length in the run. */
function textOf(page, reference) {
  if (typeof reference === "number") return { text: page.texts[reference], total: page.texts[reference].length };
  return { text: page.texts[reference[0]], total: reference[1] };
}

async function promptOf(episode) {
  const [number, item] = head.prompts[data.episodes.prompt[episode]];
  const found = await page(number);
  return textOf(found, found.items[item]);
}

/** The turns of an episode, with texts in place of references. */
async function turnsOf(episode) {
  const found = await page(data.episodes.page[episode]);
  return found.items[data.episodes.item[episode]].map((turn) => ({
    ...turn,
    before: textOf(found, turn.before),
    program: turn.program === null ? null : textOf(found, turn.program),
    after: textOf(found, turn.after),
    feedback: textOf(found, turn.feedback),
    failed: turn.failed.map(([role, index, verdict, category, stdout, stderr]) => ({
      role, index, verdict, category, stdout: textOf(found, stdout), stderr: textOf(found, stderr),
    })),
  }));
}

// --- names ---

const { verdicts, letters } = head.names;
const ACCEPTED = verdicts.indexOf("accepted");
const words = (name) => name.replaceAll("_", " ");
const verdictWords = (verdict) => words(verdicts[verdict]);
const categoryName = (category) => head.names.categories[category];
const categoryWords = (category) => words(categoryName(category));
const problemId = (episode) => head.problems[data.episodes.problem[episode]][0];
const runName = (run) => head.runs[run].name;
const severalRuns = () => head.runs.length > 1;

const OUTCOMES = ["solved", "not solved", "no verdict"];
function outcome(episode) {
  if (!data.episodes.has_verdict[episode]) return 2;
  return data.episodes.solved_at[episode] ? 0 : 1;
}

function sumOfTurns(episode, column) {
  let total = 0;
  for (let turn = data.first[episode], end = turn + data.episodes.turns[episode]; turn < end; turn++) {
    total += data.turns[column][turn];
  }
  return total;
}
