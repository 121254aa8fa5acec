// A person plays: programs from a text field. Only where the dashboard was started for it.

let plays = false; // whether the dashboard lets a person play
let playBox = null; // kept while the rest of the page is drawn again

function playSection() {
  if (!plays) return null;
  playBox ??= section("play", "Play", make("div", { class: "card", id: "game" }, beginForm()));
  return playBox;
}

function beginForm() {
  const problem = make("input", { placeholder: "id of a problem, or nothing for any", spellcheck: "false", autocomplete: "off" });
  return make("form", { class: "with-button", onsubmit: (event) => {
    event.preventDefault();
    play({ do: "begin", problem: problem.value.trim() }, showGame);
  } }, make("label", { class: "field wide" }, make("span", {}, "Write the programs yourself; the episode goes into this run"), problem), make("button", { class: "main" }, "Begin an episode"));
}

async function play(asked, show) {
  const game = element("game");
  const buttons = [...game.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  game.querySelector(".warning")?.remove();
  try {
    const response = await fetch("play", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    show(answer);
  } catch (error) {
    game.append(make("p", { class: "warning", role: "alert" }, visible(error.message)));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function showGame({ problem, prompt, turn, turns }) {
  const program = make("textarea", { id: "program", rows: "14", spellcheck: "false", autocapitalize: "off", "aria-label": "your program" });
  const log = make("div", { class: "log", role: "log" });
  const place = make("span", { class: "faint" }, `turn ${turn} of ${turns}`);
  const submit = () => play({ do: "answer", program: program.value }, (answer) => {
    log.append(make("h4", {}, letterChip(verdicts.indexOf(answer.verdict)), ` ${answer.words}, reward ${signed(amount(Math.abs(answer.reward)), answer.reward)}`),
      answer.feedback ? block({ text: answer.feedback, total: answer.feedback.length }, "feedback") : "");
    place.textContent = answer.ended || `turn ${answer.turn} of ${answer.turns}`;
    if (answer.ended) {
      form.replaceWith(make("p", {}, make("b", {}, answer.ended), " The episode is in the list below."), beginForm());
      poll().then(showNews);
    } else program.focus();
  });
  const form = make("form", { onsubmit: (event) => {
    event.preventDefault();
    submit();
  } }, program, make("div", { class: "program-bar" }, place, make("button", { class: "main" }, "Submit ", make("kbd", {}, "Ctrl Enter"))));
  program.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
  });
  replace(element("game"), make("h3", {}, name(problem)), make("div", { class: "episode-body" }, block({ text: prompt, total: prompt.length }, "the problem", "prose"), make("div", {}, log, form)));
  program.focus();
}
