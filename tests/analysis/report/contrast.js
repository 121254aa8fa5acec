// Texts of the page that are shown with less contrast than 4.5 to 1.
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = (node) => { for (; node; node = node.parentElement) { const c = rgb(getComputedStyle(node).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
  const found = new Set();
  for (const node of document.querySelectorAll("main *, header *")) {
    if (!node.checkVisibility() || node.closest("svg, .letter, .cell, [disabled], abbr")) continue;
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(back(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const faded = Number(getComputedStyle(node).opacity);
    if (ratio < 4.5 && faded === 1) found.add(`${node.tagName}.${node.className} ${node.innerText.slice(0, 20)}: ${ratio.toFixed(2)}`);
  }
  return [...found];
}
