import type { AuditEntry } from './audit-log.ts';

/** The most characters of each text that a client chose. */
const MAX_TEXT = 512;
/** API tokens and JSON Web Tokens, should somebody put one where a name belongs. */
const CREDENTIALS: readonly RegExp[] = [
  /(?<=sds_[0-9a-f]{16}_)[A-Za-z0-9_-]{43}/g,
  /(?<=eyJ[A-Za-z0-9_-]{8,}\.)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g,
];
/** What JSON leaves as it is and some program takes for the end of a line, or a terminal for a command: DEL, C1, separators, directions. */
const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * The line of `entry`, with its newline. What a client chose cannot end the line, begin another one or move the cursor of a terminal:
 * JSON escapes the control characters below U+0020, and the others are escaped here.
 */
export function auditLine(entry: AuditEntry, at: Date): string {
  const { parameters, principal, address, ...rest } = entry;
  const line = JSON.stringify({
    at: at.toISOString(),
    ...rest,
    principal: principal === null ? null : plain(principal),
    address: plain(address),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [plain(name), plain(value)]),
    ),
  });
  return `${line.replace(UNPRINTABLE, escaped)}\n`;
}

/** The line that tells that `lines` lines were refused since `since`, because the log could not be written. */
export function gapLine(at: Date, since: Date, lines: number): string {
  return `${JSON.stringify({ at: at.toISOString(), event: 'gap', since: since.toISOString(), lines })}\n`;
}

function plain(text: string): string {
  const hidden = CREDENTIALS.reduce((value, pattern) => value.replace(pattern, '[redacted]'), text);
  return hidden.length > MAX_TEXT ? `${hidden.slice(0, MAX_TEXT)}…` : hidden;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
