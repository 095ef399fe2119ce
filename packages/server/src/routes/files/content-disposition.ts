/** Control and format characters: invisible, or able to turn the order of what is read. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;
/** Characters that stand as they are in the extended form (RFC 8187, attr-char). */
const PLAIN = /[A-Za-z0-9!#$&+.^_`|~-]/u;

/**
 * The header that makes a browser save what it gets, never show it: RFC 6266, with the name in ASCII for readers of old and in
 * UTF-8 (RFC 8187). A name can neither end the header nor name a folder.
 */
export function contentDisposition(name: string): string {
  const safe = name.toWellFormed().replace(INVISIBLE, '_').replace(/[/\\]/gu, '_');
  const ascii = safe.replace(/[^\x20-\x7e]|["%]/gu, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${extended(safe)}`;
}

function extended(text: string): string {
  let encoded = '';
  for (const character of text)
    encoded += PLAIN.test(character)
      ? character
      : [...Buffer.from(character)]
          .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
          .join('');
  return encoded;
}
