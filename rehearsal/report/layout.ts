/** Columns of a receipt: a terminal's 80, less a little. */
export const width = 78;
export const rule = '─'.repeat(width);

/** A blank at which no line breaks; `wrap` gives a plain one for it. */
const hold = '\u00a0';
export const together = (text: string): string => text.replaceAll(' ', hold);

/** Lines no longer than the receipt is wide, each but the first indented. A word longer than that stays whole. */
export function wrap(text: string, indent = ''): string[] {
  const lines: string[] = [];
  for (const word of text.split(/[ \n]/)) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length > 0 ? indent + word : word);
  }
  return lines.map((line) => line.replaceAll(hold, ' '));
}

/** So many cells a line, each padded to the same width. */
export function inColumns(cells: readonly string[], columns: number): string[] {
  const cellWidth = Math.floor(width / columns);
  const lines: string[] = [];
  for (let start = 0; start < cells.length; start += columns) {
    const line = cells.slice(start, start + columns).map((cell) => cell.padEnd(cellWidth));
    lines.push(line.join('').trimEnd());
  }
  return lines;
}

/** 12 ms, 1.4 s. */
export const milliseconds = (ms: number): string =>
  ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
