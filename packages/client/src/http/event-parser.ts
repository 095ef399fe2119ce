import { SendenseError } from '@sendense/core';

/** A block of a stream of server-sent events that has data. */
export type EventMessage = {
  /** The id that the block itself gives; `null` when it gives none. */
  readonly id: string | null;
  /** `message` where the block names none. */
  readonly event: string;
  readonly data: string;
};

/** Findings and failures are short: a line or event that is longer is none of the server. */
const MOST_CHARACTERS = 1024 * 1024;

/**
 * Reads server-sent events (HTML standard, 9.2.6) out of bytes that come in pieces of any size. What the last piece leaves without
 * its empty line is no event: it comes again with the next connection.
 */
export class EventParser {
  /** The pause before the next connection that the server asked for. */
  retryMs: number | undefined;
  /** Whether anything came but `retry`, with which a server begins: an event, or a comment that says that it is there. */
  hasNews = false;
  readonly #decoder = new TextDecoder();
  /** The line that has not ended. */
  #line = '';
  /** The piece before ended in CR: an LF belongs to it. */
  #endedInReturn = false;
  #id: string | null = null;
  #event = '';
  #data: string[] = [];
  #length = 0;

  /** The events that `piece` completes. Throws `PROTOCOL_VIOLATION` for one that is too long. */
  push(piece: Uint8Array): EventMessage[] {
    let text = this.#decoder.decode(piece, { stream: true });
    if (this.#endedInReturn && text !== '') {
      if (text.startsWith('\n')) text = text.slice(1);
      this.#endedInReturn = false;
    }
    const lines = text.split(/\r\n|\n|\r/u);
    if (text.endsWith('\r')) this.#endedInReturn = true;
    const messages: EventMessage[] = [];
    for (const [at, line] of lines.entries()) {
      this.#line += line;
      this.#checkLength();
      if (at === lines.length - 1) break;
      const message = this.#endLine(this.#line);
      this.#line = '';
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #endLine(line: string): EventMessage | undefined {
    if (line === '') return this.#endBlock();
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? [];
    if (name !== 'retry') this.hasNews = true;
    if (name === 'data') {
      this.#data.push(value);
      this.#length += value.length + 1; // they are joined by line ends
    } else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d{1,9}$/u.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #endBlock(): EventMessage | undefined {
    const message = { id: this.#id, event: this.#event || 'message', data: this.#data.join('\n') };
    const isEmpty = this.#data.length === 0;
    this.#id = null;
    this.#event = '';
    this.#data = [];
    this.#length = 0;
    return isEmpty ? undefined : message;
  }

  #checkLength(): void {
    if (this.#line.length + this.#length <= MOST_CHARACTERS) return;
    throw new SendenseError('PROTOCOL_VIOLATION', `an event has more than ${MOST_CHARACTERS} characters`, {
      operation: 'read-events',
    });
  }
}
