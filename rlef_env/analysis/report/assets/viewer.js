// One episode: the problem, and each turn with its program, tests, feedback and numbers.

let openEpisode = -1;
let showDiff = true;

async function showEpisode(episode) {
  openEpisode = episode;
  const box = element("episode");
  let prompt;
  let turns;
  try {
    [prompt, turns] = await Promise.all([promptOf(episode), turnsOf(episode)]);
  } catch (error) {
    if (openEpisode === episode) box.replaceChildren(episodeHeader(episode), make("p", { class: "warning" }, error.message));
    return;
  }
  if (openEpisode !== episode) return;
  box.replaceChildren(episodeHeader(episode), make("div", { class: "episode-body" },
    make("details", { class: "card prompt", open: true }, make("summary", {}, "Problem, as the model read it"), block(prompt, "the prompt", "prose")),
    make("ol", { class: "turns" }, turns.map((turn, i) => turnCard(episode, i, turn, turns)))));
  box.focus({ preventScroll: true });
}

function episodeHeader(episode) {
  const { sample, step, run, seconds: wall } = data.episodes;
  const facts = [];
  if (step[episode] >= 0) facts.push(`step ${number(step[episode])}`);
  facts.push(`sample ${sample[episode] + 1}`, plural(data.episodes.turns[episode], "turn"));
  const reward = sumOfTurns(episode, "reward");
  facts.push(`reward ${signed(amount(Math.abs(reward)), reward)}`);
  if (wall[episode]) facts.push(seconds(wall[episode]));
  const at = shownEpisodes.indexOf(episode);
  const step_ = (by, label, text) => make("button", { type: "button", disabled: !neighbour(by) && neighbour(by) !== 0, "aria-label": label, onclick: () => openNeighbour(by) }, text);
  const others = same(episode).map((other) => make("a", { class: "chip", href: episodeLink(other) }, runBadge(data.episodes.run[other]), " ", verdictChips(other)));
  return make("div", { class: "episode-top" },
    make("div", { class: "episode-bar" }, make("button", { type: "button", class: "quiet", onclick: closeEpisode }, "← All episodes"),
      make("span", { class: "leaf" }, at >= 0 && make("span", { class: "faint" }, `${number(at + 1)} of ${number(shownEpisodes.length)}`), step_(-1, "previous episode", "‹ Previous"), step_(1, "next episode", "Next ›"))),
    make("h1", {}, name(problemId(episode))),
    make("p", { class: "facts" }, outcomeMark(episode), severalRuns() && runBadge(run[episode]), make("span", { class: "faint" }, facts.join(" · ")),
      make("a", { class: "faint", href: episodeLink(episode), title: "number of the episode, as in the table episodes" }, `#${data.episodes.id[episode]}`)),
    others.length > 0 && make("p", { class: "others" }, make("span", { class: "faint" }, "The same problem and sample in "), others));
}

/** The same problem and sample in the other runs, in the scope. */
function same(episode) {
  if (!severalRuns()) return [];
  const { problem, sample, run } = data.episodes;
  return members.filter((other) => problem[other] === problem[episode] && sample[other] === sample[episode] && run[other] !== run[episode]);
}

function neighbour(by) {
  const at = shownEpisodes.indexOf(openEpisode);
  return shownEpisodes[at + by];
}

function openNeighbour(by) {
  const next = neighbour(by);
  if (next !== undefined) open(next, true);
}

function turnCard(episode, i, turn, turns) {
  const at = data.first[episode] + i;
  const verdict = data.turns.verdict[at];
  const category = data.turns.category[at];
  const reward = data.turns.reward[at];
  const facts = [`reward ${signed(amount(Math.abs(reward)), reward)}`];
  if (data.turns.tokens[at] >= 0) facts.push(`${number(data.turns.tokens[at])} tokens`);
  if (turn.prompt_tokens) facts.push(`${number(turn.prompt_tokens)} read`);
  if (turn.seconds) facts.push(`answered in ${seconds(turn.seconds)}`);
  if (data.turns.cpu[at]) facts.push(`CPU ${seconds(data.turns.cpu[at])}`);
  if (turn.peak) facts.push(`${amount(turn.peak / 2 ** 20)} MiB`);
  const before = i ? turns[i - 1].program : null;
  return make("li", { class: "card turn", id: `turn-${i + 1}`, "aria-label": `turn ${i + 1}` },
    make("h2", {}, `Turn ${i + 1}`, letterChip(verdict), make("span", { class: "verdict" }, verdictWords(verdict)),
      category >= 0 && make("span", { class: "tag" }, visible(categoryWords(category))), data.turns.repeated[at] === 1 && make("span", { class: "tag warn" }, "repeats an earlier program")),
    make("p", { class: "faint facts" }, facts.join(" · ")),
    turn.values && make("p", { class: "values" }, Object.entries(turn.values).map(([key, value]) => make("span", { class: "tag" }, visible(key), " ", make("b", {}, signed(amount(Math.abs(value)), value))))),
    responseText(turn.before, "Text before the program"),
    programBox(turn.program, before, i),
    responseText(turn.after, "Text after the program"),
    testGrid(turn),
    failedTests(turn),
    turn.feedback.text && make("div", { class: "feedback" }, make("h3", {}, turn.read ? "Feedback, as the model read it" : "Final report, which no model reads"), block(turn.feedback, "feedback")));
}

/** The response around the program; the code fence alone is not shown. */
function responseText(response, label) {
  const text = response.text.replace(/^\s*(`{3,}|~{3,})[ \t]*(python3?|py3?)?[ \t]*(\n|$)/i, "").replace(/(^|\n)(`{3,}|~{3,})[ \t]*(python3?|py3?)?\s*$/i, "$1").trim();
  if (!text) return null;
  const entry = { text, total: text.length + response.total - response.text.length };
  return make("details", { class: "around", open: entry.text.length < 600 }, make("summary", {}, `${label} (${plural(entry.total, "character")})`), block(entry, label, "prose"));
}

function programBox(program, before, i) {
  if (!program) return make("p", { class: "faint" }, "The response holds no program.");
  const box = make("div", { class: "program" });
  const fillBox = () => {
    const compare = before && showDiff;
    const same = before && before.text === program.text;
    replace(box, make("div", { class: "program-bar" }, make("h3", {}, compare ? `Program, and what changed since turn ${i}` : "Program"),
      before && make("button", { type: "button", class: "quiet", "aria-pressed": String(showDiff), onclick: () => {
        showDiff = !showDiff;
        for (const again of document.querySelectorAll(".program")) again.dispatchEvent(new Event("redraw"));
      } }, showDiff ? "Program only" : "Show changes")),
    compare && same && make("p", { class: "faint" }, "Nothing changed."), compare && !same ? diffTable(before.text, program) : code(program));
  };
  box.addEventListener("redraw", fillBox);
  fillBox();
  return box;
}

const FOLD = 3; // unchanged lines around a change
const MIN_FOLDED = 8;
const MAX_LINES = 2000;
const MAX_TEXT = 100_000; // characters of a text that a report keeps, as in pages.py

function diffTable(before, { text: after, total }) {
  if (before.length + after.length > 4 * MAX_TEXT) return code({ text: after, total });
  const rows = differences(before, after);
  const body = make("tbody");
  const near = rows.map(() => false);
  rows.forEach((row, i) => {
    if (row.kind !== "same") for (let j = Math.max(0, i - FOLD); j <= Math.min(rows.length - 1, i + FOLD); j++) near[j] = true;
  });
  for (let i = 0; i < Math.min(rows.length, MAX_LINES); ) {
    let end = i;
    while (end < rows.length && !near[end]) end++;
    if (end - i >= MIN_FOLDED) {
      const hidden = rows.slice(i, end);
      const fold = make("tr", { class: "fold" }, make("td", { colspan: "4" }, make("button", { type: "button", class: "quiet", onclick: () => fold.replaceWith(...hidden.map(diffRow)) }, `${hidden.length} unchanged lines`)));
      body.append(fold);
      i = end;
    } else body.append(diffRow(rows[i++]));
  }
  if (rows.length > MAX_LINES) body.append(make("tr", {}, make("td", { colspan: "4", class: "faint" }, `${number(rows.length - MAX_LINES)} more lines`)));
  return codeBox("changes", body, total);
}

function diffRow({ kind, before, after, parts }) {
  const [tag, sign] = { same: ["span", " "], gone: ["del", "−"], new: ["ins", "+"] }[kind];
  return make("tr", { class: kind }, make("td", { class: "line" }, before ?? ""), make("td", { class: "line" }, after ?? ""), make("td", { class: "sign" }, sign),
    make("td", {}, make(tag, {}, parts.map(([text, changed]) => (changed ? make("mark", {}, visible(text)) : lineText(text))))));
}

const SHOWN_LINE = 2000; // characters of a line

function lineText(text) {
  if (text.length <= SHOWN_LINE * 1.25) return visible(text);
  const more = make("button", { type: "button", class: "more", onclick: () => more.replaceWith(...visible(text.slice(SHOWN_LINE))) }, `${number(text.length - SHOWN_LINE)} more characters`);
  return [visible(text.slice(0, SHOWN_LINE)), " ", more];
}

function codeBox(label, body, total) {
  return make("div", { class: "code-box", tabindex: "0", role: "region", "aria-label": label }, make("table", { class: "diff" }, body),
    total > MAX_TEXT && make("p", { class: "faint" }, `${number(total - MAX_TEXT)} more characters are in the run folder`));
}

function code(program) {
  if (program.text.length > SHOWN_CHARACTERS * 1.25 || program.text.split("\n").length > MAX_LINES) return block(program, "program");
  return codeBox("program", make("tbody", {}, program.text.split("\n").map((line, i) => make("tr", {}, make("td", { class: "line" }, i + 1), make("td", {}, make("span", {}, lineText(line)))))), program.total);
}

const SHOWN_TESTS = 400;

function testGrid(turn) {
  if (!turn.tests.length) return null;
  const count = turn.tests.reduce((sum, [, grid]) => sum + grid.length, 0);
  const passed = turn.tests.reduce((sum, [, grid]) => sum + grid.split(letters[ACCEPTED]).length - 1, 0);
  let place = 0;
  return make("div", { class: "tests" }, make("h3", {}, "Tests ", make("span", { class: "faint" }, `${passed} of ${turn.total} passed${turn.total > count ? `, ${number(turn.total - count)} not run` : ""}`)),
    turn.tests.map(([role, grid]) => make("div", { class: "test-row" }, make("span", { class: "faint" }, visible(role)), make("span", { class: "grid-cells", role: "img", "aria-label": gridWords(role, grid) },
      [...grid.slice(0, SHOWN_TESTS)].map((letter, i) => {
        const verdict = letters.indexOf(letter);
        const cpu = turn.cpu?.[place++];
        return make("i", { class: `cell is-${verdicts[verdict]}`, title: `${role} test ${i + 1}: ${verdictWords(verdict)}${cpu === undefined ? "" : `, ${seconds(cpu)}`}` }, letter === letters[ACCEPTED] ? "" : letter);
      })), grid.length > SHOWN_TESTS && make("span", { class: "faint" }, ` and ${number(grid.length - SHOWN_TESTS)} more`))),
    turn.points && make("p", { class: "faint" }, `Points: ${turn.points.map(([group, earned, points]) => `${group} ${amount(earned)}/${amount(points)}`).join(", ")}`));
}

function gridWords(role, grid) {
  const counts = new Map();
  for (const letter of grid) counts.set(letter, (counts.get(letter) || 0) + 1);
  return `${role}: ${[...counts].map(([letter, count]) => `${count} ${verdictWords(letters.indexOf(letter))}`).join(", ")}`;
}

function failedTests(turn) {
  const shown = turn.failed.filter((each) => each.stdout.text || each.stderr.text || each.category);
  if (!shown.length) return null;
  return make("details", { class: "around" }, make("summary", {}, `Output of ${plural(shown.length, "failed test")}`), shown.map((each) =>
    make("div", { class: "output" }, make("h4", {}, letterChip(each.verdict), ` ${each.role} test ${each.index + 1}: ${verdictWords(each.verdict)}`, each.category && [", ", visible(each.category)]),
      each.stdout.text && block(each.stdout, "output"), each.stderr.text && [make("h5", {}, "standard error"), block(each.stderr, "standard error")])));
}
