import { getEventListeners } from 'node:events';
import { duplexPair } from 'node:stream';
import { expect, it } from 'vitest';
import { ClientStream } from './client-stream.ts';

it('leaves nothing behind of the messages of a long conversation', async () => {
  const [near, far] = duplexPair();
  near.resume();
  const stream = new ClientStream(far, 10_000);
  const listeners = () => far.eventNames().reduce((sum, name) => sum + far.listenerCount(name), 0);
  const before = listeners();
  for (let at = 0; at < 50; at++) {
    near.write(Uint8Array.of(at));
    expect(await stream.receive(1)).toEqual(Uint8Array.of(at));
    await stream.send(Uint8Array.of(1), Uint8Array.of(2));
  }
  expect(listeners()).toBe(before);
  expect(getEventListeners(stream.gone, 'abort')).toHaveLength(0);
  stream.cut();
});

it('sends messages whole and in the order of asking', async () => {
  const [near, far] = duplexPair();
  const stream = new ClientStream(far, 10_000);
  const sent = [stream.send(Buffer.from('a'), Buffer.from('b')), stream.send(Buffer.from('c'))];
  await Promise.all(sent);
  near.setEncoding('utf8');
  let text = '';
  for await (const chunk of near) {
    text += String(chunk);
    if (text.length === 3) break;
  }
  expect(text).toBe('abc');
});

it('rejects what is under way when the client is gone', async () => {
  const [, far] = duplexPair();
  const stream = new ClientStream(far, 10_000);
  const receiving = stream.receive(1);
  const sending = stream.send(new Uint8Array(10 * 1024 * 1024));
  far.destroy();
  await expect(receiving).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  await expect(sending).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  await expect(stream.send(Uint8Array.of(1))).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  expect(stream.gone.aborted).toBe(true);
});
