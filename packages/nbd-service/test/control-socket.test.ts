import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callService, type NbdService, startNbdService } from '../src/index.ts';

let directory = '';
let service: NbdService;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sendense-ctl-'));
  const openRepository = () => Promise.reject(new Error('there is none'));
  service = await startNbdService({ directory, roots: [] }, { openRepository });
});
afterEach(async () => {
  await service.stop();
  await rm(directory, { recursive: true });
});

async function answerTo(text: string): Promise<string> {
  const socket = connect(join(directory, 'control.sock'));
  let answer = '';
  socket.on('data', (part: Buffer) => (answer += part.toString()));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

it('answers what it does not know with an error, takes no endless request, and goes on', async () => {
  for (const text of ['\n', 'GET / HTTP/1.1\r\n\r\n', '{"call":"stop"}\n', `${'x'.repeat(100_000)}\n`]) {
    const answer = await answerTo(text);
    // whoever sends more than is read may miss the answer
    if (answer !== '') expect(JSON.parse(answer)).toMatchObject({ error: { code: 'PROTOCOL_VIOLATION' } });
  }
  expect(await callService(directory, 'list')).toMatchObject({ exports: [], failures: [] });
});

it('stops while somebody is connected who says nothing', async () => {
  const silent = connect(join(directory, 'control.sock'));
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  await service.stop();
  await closed;
  await expect(callService(directory, 'list')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('refuses folders whose sockets would have no room', async () => {
  const long = join(directory, 'x'.repeat(100));
  const openRepository = () => Promise.reject(new Error('there is none'));
  await expect(startNbdService({ directory: long, roots: [] }, { openRepository })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});
