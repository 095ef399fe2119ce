const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const ESCAPED: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/**
 * Replaces the five entities that XML itself defines, and character references; nothing can be declared, so nothing
 * expands. An unknown entity stays as it is written.
 */
export function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g,
    (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10);
      return isCharacter(code) ? String.fromCodePoint(code) : whole;
    },
  );
}

/** Whether XML 1.0 allows the code point (section 2.2). */
function isCharacter(code: number): boolean {
  return (
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}

/** Text as it stands in an element or in an attribute of double quotes. What XML cannot hold is left out. */
export function encodeEntities(text: string): string {
  const possible = Array.from(text)
    .filter((character) => isCharacter(character.codePointAt(0) ?? 0))
    .join('');
  return possible.replaceAll(/[<>&"'\t\n\r]/g, (character) => ESCAPED[character] ?? character);
}
