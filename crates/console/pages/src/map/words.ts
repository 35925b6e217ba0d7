// Lines of text as an element, for what hovers over a map: what a device is called is never taken for markup.

export function words(lines: string[]): HTMLElement {
  const box = document.createElement("div");
  for (const line of lines) {
    const row = document.createElement("div");
    row.textContent = line;
    box.append(row);
  }
  return box;
}
