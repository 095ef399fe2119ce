/** A generated part of a document: its name in the markers, and its text. */
export type GeneratedBlock = { readonly name: string; readonly text: string };

const marker = (name: string) => [`<!-- generated:${name} -->`, `<!-- /generated:${name} -->`] as const;

/** Replaces what stands between the markers of each block; throws when a document lacks the markers of a block. */
export function replaceBlocks(document: string, blocks: readonly GeneratedBlock[], file: string): string {
  let result = document;
  for (const { name, text } of blocks) {
    const [open, close] = marker(name);
    const start = result.indexOf(open);
    const end = result.indexOf(close);
    if (start < 0 || end < start) throw new Error(`${file} has no markers ${open} … ${close}`);
    result = `${result.slice(0, start + open.length)}\n${text.trim()}\n${result.slice(end)}`;
  }
  return result;
}

/** A Markdown table; `|` in cells is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
