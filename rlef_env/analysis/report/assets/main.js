// Puts the page together: address, keys, theme, and new episodes of a run that goes on.

let place = 0; // how far the overview was scrolled

function showAll() {
  findSets();
  findMembers();
  const box = element("overview");
  const parts = [playSection(), scopeBar(), numbers(), training(), members.length && turnsSection(), members.length && errors(), members.length && problemsSection(), episodesSection(), settings()].filter(Boolean);
  box.replaceChildren(...parts);
  element("sections").replaceChildren(...parts.filter((part) => part.id).map((part) => make("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)));
  showProblems();
  showEpisodes();
  markPressed();
  markForm();
}

function scopeChanged() {
  firstEpisode = firstProblem = 0;
  selected = -1;
  textSearch.wanted = null;
  const at = scrollY;
  showAll();
  scrollTo(0, at);
  remember();
}

function filtersChanged() {
  firstEpisode = 0;
  selected = -1;
  showEpisodes();
  showProblems();
  markPressed();
  markForm();
  if (openEpisode < 0) remember();
}

// --- the address: #episode=ID&run=1, or #outcome=solved&... ---

function remember() {
  const wanted = new URLSearchParams([...filters]);
  if (scope.set) wanted.set("set", scope.set);
  if (scope.step !== "last") wanted.set("step", scope.step);
  const text = wanted.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

function follow() {
  const hash = location.hash.slice(1);
  if (hash && !hash.includes("=")) {
    leaveEpisode();
    element(hash)?.scrollIntoView();
    return;
  }
  const wanted = new URLSearchParams(hash);
  if (wanted.has("episode")) {
    const run = Number(wanted.get("run") || 0);
    const episode = findEpisode(wanted.get("episode"), run);
    if (episode >= 0) return enterEpisode(episode);
    element("overview").prepend(make("p", { class: "warning", role: "alert" }, "The link names an episode that is not in this report."));
    return leaveEpisode();
  }
  const before = JSON.stringify([...filters, scope]);
  filters.clear();
  for (const [kind, value] of wanted) if (kind in KINDS) filters.set(kind, value);
  scope.set = sets[Number(wanted.get("set"))] ? Number(wanted.get("set")) : 0;
  const step = wanted.get("step");
  scope.step = step === "all" ? "all" : step !== null && Number.isInteger(Number(step)) ? Number(step) : "last";
  if (JSON.stringify([...filters, scope]) !== before) {
    textSearch.wanted = null;
    showAll();
  }
  leaveEpisode();
}

function findEpisode(id, run) {
  for (let i = data.count - 1; i >= 0; i--) if (data.episodes.id[i] === id && data.episodes.run[i] === run && !data.hidden.has(i)) return i;
  return -1;
}

function open(episode, instead = false) {
  if (openEpisode < 0) place = scrollY;
  if (instead) {
    history.replaceState(null, "", episodeLink(episode));
    enterEpisode(episode);
  } else location.hash = episodeLink(episode);
}

function enterEpisode(episode) {
  if (openEpisode < 0 && !element("overview").hidden) place = scrollY;
  element("overview").hidden = true;
  element("episode").hidden = false;
  document.title = `${problemId(episode)} – ${head.title}`;
  scrollTo(0, 0);
  showEpisode(episode);
}

function leaveEpisode() {
  if (openEpisode < 0) return;
  const last = shownEpisodes.indexOf(openEpisode);
  openEpisode = -1;
  element("episode").hidden = true;
  element("episode").replaceChildren();
  element("overview").hidden = false;
  document.title = head.title;
  if (last >= 0) {
    selected = last;
    firstEpisode = Math.floor(last / ROWS) * ROWS;
    showEpisodes();
  }
  scrollTo(0, place);
  document.querySelector("tr.selected a")?.focus({ preventScroll: true });
}

function closeEpisode() {
  leaveEpisode();
  remember();
}

// --- keys ---

const KEYS = [
  ["j, k", "next and previous episode, in the list and in the viewer"],
  ["Enter", "open the selected episode"],
  ["Esc", "back to the list; in the list, clear the filters"],
  ["/", "find"],
  ["1 to 9", "go to a turn of the open episode"],
  ["d", "programs with or without changes"],
  ["t", "light, dark, or as the system"],
  ["?", "this list"],
];

function help() {
  const box = element("help");
  if (box.open) return box.close();
  box.replaceChildren(make("h2", { id: "help-title" }, "Keys"), make("dl", {}, KEYS.map(([keys, meaning]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, meaning)])),
    make("form", { method: "dialog" }, make("button", {}, "Close")));
  box.showModal();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const writing = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && !element("help").open) {
    if (writing) return event.target.blur();
    if (openEpisode >= 0) closeEpisode();
    else if (filters.size) clearFilters();
    return;
  }
  if (writing || element("help").open) return;
  const viewing = openEpisode >= 0;
  const by = { j: 1, k: -1 }[event.key];
  if (by) viewing ? openNeighbour(by) : moveSelection(by);
  else if (event.key === "Enter" && !viewing && selected >= 0 && event.target === document.body) open(shownEpisodes[selected]);
  else if (event.key === "/") {
    if (viewing) closeEpisode();
    element("search").focus();
  } else if (event.key === "?") help();
  else if (event.key === "t") nextTheme();
  else if (event.key === "d" && viewing) document.querySelector(".program-bar button")?.click();
  else if (viewing && /^[1-9]$/.test(event.key)) element(`turn-${event.key}`)?.scrollIntoView();
  else return;
  event.preventDefault();
}

// --- theme ---

const THEMES = ["auto", "light", "dark"];
let theme = "auto";
function setTheme(wanted) {
  theme = THEMES.includes(wanted) ? wanted : "auto";
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  element("theme").textContent = `Theme: ${theme}`;
}
function nextTheme() {
  setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  try {
    localStorage.setItem("rlef-theme", theme);
  } catch {} // a page from disk may have no storage
}

// --- a run that goes on ---

async function poll() {
  const known = { episodes: data.count, problems: head.problems.length, prompts: head.prompts.length, version: head.version };
  const response = await fetch(`changes?${new URLSearchParams(known)}`);
  const changed = await response.json();
  if (!response.ok) throw new Error(changed.error);
  head.problems.push(...changed.problems);
  head.prompts.push(...changed.prompts);
  head.names = changed.names;
  data.hidden = new Set(changed.hidden);
  if (changed.head) Object.assign(head, changed.head);
  showLive(changed.age < 60 ? "live" : `last change ${seconds(changed.age)} ago`, changed.age < 60);
  plays = changed.plays;
  const news = changed.columns.episodes.id.length > 0;
  append(changed.columns);
  return Boolean(news || changed.head);
}

function showLive(text, running) {
  const badge = element("live");
  badge.hidden = false;
  badge.textContent = text;
  badge.classList.toggle("running", running);
}

const POLL_MILLISECONDS = 2000;

async function pollForever() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    try {
      if (!document.hidden && (await poll())) showNews();
    } catch (error) {
      showLive(error instanceof TypeError ? "the dashboard has ended" : error.message, false);
    }
  }
}

/** Shows new episodes, unless that would disturb somebody who reads an episode or writes. */
function showNews() {
  if (openEpisode >= 0 || document.activeElement.closest("input, textarea, select")) return;
  const [at, first, chosen] = [scrollY, firstEpisode, selected];
  showAll();
  [firstEpisode, selected] = [first, chosen];
  showEpisodes();
  scrollTo(0, at);
}

async function start() {
  try {
    setTheme(localStorage.getItem("rlef-theme"));
  } catch {
    setTheme("auto");
  }
  document.title = head.title;
  element("title").replaceChildren(...visible(head.title));
  element("theme").addEventListener("click", nextTheme);
  element("keys").addEventListener("click", help);
  document.addEventListener("keydown", onKey);
  followPointer();
  if (live) await poll();
  else append(await unpacked(fromBase64(element("columns").textContent)));
  showAll();
  follow();
  addEventListener("hashchange", follow);
  document.documentElement.dataset.ready = "1";
  if (live) pollForever();
}

start().catch((error) => {
  element("overview").replaceChildren(make("p", { class: "warning", role: "alert" }, `This page cannot be shown: ${error.message}. It needs a browser of 2023 or later.`));
  throw error;
});
