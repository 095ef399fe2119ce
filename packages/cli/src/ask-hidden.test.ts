import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createAskHidden } from './ask-hidden.ts';

/** A terminal that notes what is shown, and whether it shows what is typed. */
class Terminal extends EventEmitter {
  shown = '';
  isRaw = false;
  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
  write(text: string): void {
    this.shown += text;
  }
  type(...texts: readonly (string | Buffer)[]): void {
    for (const text of texts) this.emit('data', Buffer.from(text));
  }
}

function start() {
  const terminal = new Terminal();
  const stop = new AbortController();
  // the terminal stands in for a stream of Node
  const ask = createAskHidden(terminal as never, terminal, () => stop.abort());
  return { terminal, stop, ask: () => ask('passphrase: ', stop.signal) };
}

describe('a hidden question', () => {
  it('takes a line and shows nothing of it', async () => {
    const { terminal, ask } = start();
    const answer = ask();
    expect(terminal.isRaw).toBe(true);
    terminal.type('correct ', 'horse\r', 'ignored');
    expect(await answer).toBe('correct horse');
    expect([terminal.shown, terminal.isRaw]).toEqual(['passphrase: \n', false]);
    expect(terminal.listenerCount('data')).toBe(0);
  });

  it('obeys the keys that erase a character and the line, also characters of several bytes', async () => {
    const { terminal, ask } = start();
    const answer = ask();
    const umlaut = Buffer.from('ü');
    terminal.type('wrong\u0015', umlaut.subarray(0, 1), umlaut.subarray(1), '🙂\u007fab\b\n');
    expect(await answer).toBe('üa');
  });

  it('ends by Ctrl-C as by the signal, and gives the terminal back', async () => {
    const { terminal, ask } = start();
    const answer = ask();
    terminal.type('secr\u0003');
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
    expect([terminal.shown, terminal.isRaw]).toEqual(['passphrase: \n', false]);
    await expect(ask()).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
