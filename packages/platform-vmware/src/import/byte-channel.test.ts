import { describe, expect, it } from 'vitest';
import { ByteChannel } from './byte-channel.ts';

const piece = (value: number): Uint8Array => new Uint8Array(4).fill(value);

describe('bytes that are handed over', () => {
  it('arrive in order, and no more than one piece waits', async () => {
    const channel = new ByteChannel();
    const log: string[] = [];
    const sending = (async () => {
      for (const value of [1, 2, 3]) {
        await channel.send(piece(value));
        log.push(`handed over ${value}`);
      }
      channel.end();
    })();
    const taken: number[] = [];
    expect(log).toEqual([]);
    for await (const bytes of channel) {
      taken.push(bytes[0] ?? 0);
      // the one after the next is not asked for before the next is taken
      expect(log.length).toBeLessThanOrEqual(taken.length + 1);
    }
    await sending;
    expect(taken).toEqual([1, 2, 3]);
  });

  it('end both sides with the first failure', async () => {
    const channel = new ByteChannel();
    await channel.send(piece(1));
    const waiting = channel.send(piece(2));
    channel.fail(new Error('refused'));
    channel.fail(new Error('later'));
    await expect(waiting).rejects.toThrow('refused');
    await expect(channel[Symbol.asyncIterator]().next()).rejects.toThrow('refused');
  });

  it('are none when it ends at once', async () => {
    const channel = new ByteChannel();
    channel.end();
    expect(await channel[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });
});
