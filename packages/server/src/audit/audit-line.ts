import type { AuditEntry, RefusalCount } from './audit-log.ts';

/** The most characters of a name, as they stand in the line. */
const MAX_NAME = 512;
/** The same of a parameter: what is an id of ours has no more. */
const MAX_PARAMETER = 128;
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
  const { parameters, subject, principal, address, ...rest } = entry;
  return lineOf({
    at: at.toISOString(),
    ...rest,
    principal: principal === null ? null : plain(principal, MAX_NAME),
    address: plain(address, MAX_NAME),
    parameters: mapped(parameters, MAX_PARAMETER),
    subject: mapped(subject, MAX_NAME),
  });
}

/** The line that counts refusals. */
export function refusalLine({ since, principal, ...rest }: RefusalCount, at: Date): string {
  return lineOf({
    at: at.toISOString(),
    ...rest,
    since: since.toISOString(),
    principal: principal === null ? null : plain(principal, MAX_NAME),
  });
}

/** The line that tells that `lines` lines were refused since `since`, because the log could not be written. */
export function gapLine(at: Date, since: Date, lines: number): string {
  return `${JSON.stringify({ at: at.toISOString(), event: 'gap', since: since.toISOString(), lines })}\n`;
}

/** `fields` with texts that were made {@link plain}. */
function mapped(fields: Readonly<Record<string, unknown>>, most: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? plain(value, most) : value,
    ]),
  );
}

function lineOf(fields: object): string {
  return `${JSON.stringify(fields).replace(UNPRINTABLE, escaped)}\n`;
}

/** Without credentials, and at most `most` characters of the line. */
function plain(text: string, most: number): string {
  const hidden = CREDENTIALS.reduce((value, pattern) => value.replace(pattern, '[redacted]'), text);
  let [length, end] = [0, 0];
  for (const character of hidden) {
    length += JSON.stringify(character).replace(UNPRINTABLE, escaped).length - 2;
    if (length > most) return `${hidden.slice(0, end)}…`;
    end += character.length;
  }
  return hidden;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
