// Differences between two programs: by line (Myers 1986, with common ends cut off first), then within changed lines.

const MAX_EDITS = 1500; // more are shown as one replacement

/** Returns the steps from a to b: [[kind, index in a, index in b]], kind being "same", "gone" or "new". */
function steps(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const found = [];
  for (let i = 0; i < start; i++) found.push(["same", i, i]);
  found.push(...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)).map(([kind, i, j]) => [kind, i + start, j + start]));
  for (let i = end; i > 0; i--) found.push(["same", a.length - i, b.length - i]);
  return found;
}

function middle(a, b) {
  const trace = shortest(a, b);
  if (!trace) return [...a.map((_, i) => ["gone", i, 0]), ...b.map((_, j) => ["new", a.length, j])];
  const found = [];
  let x = a.length;
  let y = b.length;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const ends = trace[edits];
    const k = x - y;
    const at = (diagonal) => ends.get(diagonal) ?? -1;
    const previous = k === -edits || (k !== edits && at(k - 1) < at(k + 1)) ? k + 1 : k - 1;
    const x0 = edits ? at(previous) : 0;
    const y0 = edits ? x0 - previous : 0;
    while (x > x0 && y > y0) found.push(["same", --x, --y]);
    if (edits) found.push(x === x0 ? ["new", x, --y] : ["gone", --x, y]);
  }
  return found.reverse();
}

/** Returns how far each diagonal reaches after each number of edits; null if there are too many edits. */
function shortest(a, b) {
  const trace = [];
  let ends = new Map([[1, 0]]);
  for (let edits = 0; edits <= Math.min(a.length + b.length, MAX_EDITS); edits++) {
    trace.push(ends);
    const next = new Map();
    for (let k = -edits; k <= edits; k += 2) {
      const at = (diagonal) => ends.get(diagonal) ?? -1;
      let x = k === -edits || (k !== edits && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
    ends = next;
  }
  return null;
}

const MAX_LINE = 500; // longer lines are compared as a whole

/** Returns the two lines as parts [[text, changed]]; as a whole where they have little in common. */
function withinLine(before, after) {
  const whole = [[[before, false]], [[after, false]]];
  if (before.length > MAX_LINE || after.length > MAX_LINE) return whole;
  const split = (line) => line.match(/[\p{L}\p{N}_]+|\s+|[^]/gu) || [];
  const a = split(before);
  const b = split(after);
  const found = steps(a, b);
  const kept = found.reduce((total, [kind, i]) => total + (kind === "same" ? a[i].trim().length : 0), 0);
  if (kept < 0.3 * Math.max(before.trim().length, after.trim().length)) return whole;
  const parts = (kind, tokens, place) => {
    const merged = [];
    for (const step of found) {
      if (step[0] !== "same" && step[0] !== kind) continue;
      const changed = step[0] === kind;
      const last = merged[merged.length - 1];
      if (last && last[1] === changed) last[0] += tokens[step[place]];
      else merged.push([tokens[step[place]], changed]);
    }
    return merged;
  };
  return [parts("gone", a, 1), parts("new", b, 2)];
}

/** Returns the rows of a difference: [{kind, before, after, parts}], line numbers counted from 1. */
function differences(before, after) {
  const a = before.split("\n");
  const b = after.split("\n");
  const found = steps(a, b);
  const rows = [];
  for (let i = 0; i < found.length; ) {
    if (found[i][0] === "same") {
      rows.push({ kind: "same", before: found[i][1] + 1, after: found[i][2] + 1, parts: [[a[found[i][1]], false]] });
      i++;
      continue;
    }
    const gone = [];
    const added = [];
    for (; i < found.length && found[i][0] !== "same"; i++) (found[i][0] === "gone" ? gone : added).push(found[i]);
    const inside = gone.map((step, each) => (each < added.length ? withinLine(a[step[1]], b[added[each][2]]) : null));
    gone.forEach((step, each) => rows.push({ kind: "gone", before: step[1] + 1, parts: inside[each]?.[0] ?? [[a[step[1]], false]] }));
    added.forEach((step, each) => rows.push({ kind: "new", after: step[2] + 1, parts: inside[each]?.[1] ?? [[b[step[2]], false]] }));
  }
  return rows;
}
