const AMOUNT = /^[\d.]+( [KMGTP]?i?B)?$/;

/** Rows as aligned columns, each line without trailing blanks. Columns of numbers or sizes are aligned right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const right = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => AMOUNT.test(row[column] ?? '')),
  );
  return all.map((row) =>
    row
      .map((cell, column) =>
        right[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
