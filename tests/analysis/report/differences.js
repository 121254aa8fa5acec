// Pairs of random programs whose difference does not hold both, or is not the shortest.
() => {
  let seed = 7;
  const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n; };
  const lines = () => Array.from({length: random(9)}, () => "abc "[random(4)] + (random(3) ? "" : " = x + 1"));
  const common = (a, b) => {
    const table = Array.from({length: a.length + 1}, () => new Array(b.length + 1).fill(0));
    for (let i = 1; i <= a.length; i++) for (let j = 1; j <= b.length; j++)
      table[i][j] = a[i - 1] === b[j - 1] ? table[i - 1][j - 1] + 1 : Math.max(table[i - 1][j], table[i][j - 1]);
    return table[a.length][b.length];
  };
  const wrong = [];
  for (let round = 0; round < 3000; round++) {
    const [before, after] = [lines().join("\n"), lines().join("\n")];
    const rows = differences(before, after);
    const text = (kinds) => rows.filter((row) => kinds.includes(row.kind)).map((row) => row.parts.map((part) => part[0]).join("")).join("\n");
    const numbers = (key) => rows.map((row) => row[key]).filter((each) => each !== undefined);
    const [a, b] = [before.split("\n"), after.split("\n")];
    const counted = (list, n) => list.length === n && list.every((each, i) => each === i + 1);
    if (text(["same", "gone"]) !== before || text(["same", "new"]) !== after
      || rows.filter((row) => row.kind === "same").length !== common(a, b)
      || !counted(numbers("before"), a.length) || !counted(numbers("after"), b.length)) wrong.push([before, after, rows]);
  }
  return wrong.slice(0, 1);
}
