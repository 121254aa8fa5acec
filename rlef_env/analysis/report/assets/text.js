// Elements and texts. Every text of a run is untrusted: it becomes a text node, never markup.

/** Makes an element: make("p", {class: "x", onclick: f}, "text", child). */
function make(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** Makes an element of a picture. */
function draw(tag, properties, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...kept(children));
  return node;
}

const kept = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** Puts children in place of those that an element has. */
const replace = (node, ...children) => node.replaceChildren(...kept(children));

// Control characters except tab and line feed, lone surrogates, and marks that change the direction of text or take no
// space: shown as escapes, so that what is read is what is there.
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Returns the nodes of a text, with escapes for characters that could not be seen. */
function visible(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(UNSAFE)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    const code = match[0].charCodeAt(0);
    const escape = code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    nodes.push(make("span", { class: "escape", title: "a character that cannot be seen" }, escape));
    end = match.index + 1;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

/** A name from a run, in one line: ids, tags, paths. */
function name(text) {
  return make("bdi", {}, visible(text));
}

const SHOWN_CHARACTERS = 8000;

/** A block of text as it stands; a long one begins short. */
function block(entry, label, className = "") {
  const { text, total } = entry;
  const pre = make("pre", { class: className, tabindex: "0", "aria-label": label });
  if (!text) {
    pre.append(make("span", { class: "faint" }, "empty"));
    return pre;
  }
  const cut = () => {
    if (total > text.length) {
      pre.append(make("span", { class: "faint" }, `\n… ${number(total - text.length)} more characters are in the run folder`));
    }
  };
  if (text.length <= SHOWN_CHARACTERS * 1.25) {
    pre.append(...visible(text));
    cut();
    return pre;
  }
  pre.append(...visible(text.slice(0, SHOWN_CHARACTERS)));
  const more = make("button", { type: "button", class: "more", onclick: () => {
    pre.replaceChildren(...visible(text));
    cut();
  } }, `Show ${number(text.length - SHOWN_CHARACTERS)} more characters`);
  pre.append("\n", more);
  return pre;
}

// --- numbers ---

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const number = (value) => grouped.format(value);
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A share as a percentage with as many digits as it can bear. */
function percent(share, digits = 1) {
  return share === null || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(digits)}\u2009%`;
}

const signed = (text, value) => (value < 0 ? `−${text.replace(/^-/, "")}` : value > 0 ? `+${text}` : text);

function amount(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size && (size < 0.001 || size >= 1e7)) return value.toExponential(2);
  return new Intl.NumberFormat("en", { maximumSignificantDigits: size >= 1000 ? 5 : 3 }).format(value);
}

function seconds(value) {
  if (value < 0.0995) return `${amount(1000 * value)} ms`;
  if (value < 120) return `${amount(value)} s`;
  return value < 7200 ? `${amount(value / 60)} min` : `${amount(value / 3600)} h`;
}
