import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectQmp } from './connect-qmp.ts';
import type { QmpEvent } from './qmp-client.ts';

const GREETING = '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 1, "major": 9}}, "capabilities": []}}\n';

type Command = { readonly execute: string; readonly id: number };
type Peer = (command: Command, answer: (message: object) => void, socket: Socket) => void;

let folder: string;
let server: Server;
let sockets: Socket[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-qmp-'));
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** A monitor that answers commands by `peer`; `greeting` is what it says first. */
async function monitor(
  peer: Peer,
  greeting = GREETING,
): Promise<{ address: { kind: 'unix'; path: string } }> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(greeting);
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const command = JSON.parse(text.slice(0, end)) as Command;
        text = text.slice(end + 1);
        const answer = (message: object) => void socket.write(`${JSON.stringify(message)}\n`);
        if (command.execute === 'qmp_capabilities') answer({ return: {}, id: command.id });
        else peer(command, answer, socket);
      }
    });
  });
  const path = join(folder, 'qmp');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { address: { kind: 'unix', path } };
}

describe('a QMP session', () => {
  it('negotiates and knows the version', async () => {
    await using qmp = await connectQmp(await monitor(({ id }, answer) => answer({ return: 'hi', id })));
    expect(qmp.version).toEqual([9, 1, 0]);
    expect(await qmp.execute('hello')).toBe('hi');
  });

  it('matches answers by their ids, in whatever order they come', async () => {
    const waiting: (() => void)[] = [];
    const peer: Peer = ({ execute, id }, answer) => {
      waiting.unshift(() => answer({ return: execute, id }));
      if (waiting.length === 3) for (const give of waiting) give();
    };
    await using qmp = await connectQmp(await monitor(peer));
    expect(await Promise.all(['a', 'b', 'c'].map((name) => qmp.execute(name)))).toEqual(['a', 'b', 'c']);
  });

  it('passes events on until its listener goes', async () => {
    const peer: Peer = ({ execute, id }, answer) => {
      answer({ event: execute, data: { id }, timestamp: { seconds: 1, microseconds: 0 } });
      answer({ return: {}, id });
    };
    await using qmp = await connectQmp(await monitor(peer));
    const events: QmpEvent[] = [];
    const stop = qmp.onEvent((event) => events.push(event));
    await qmp.execute('STOP');
    stop();
    await qmp.execute('RESUME');
    expect(events.map(({ name }) => name)).toEqual(['STOP']);
  });

  it.each([
    ['CommandNotFound', 'The command x has not been found', 'UNSUPPORTED'],
    ['DeviceNotFound', "Cannot find device='x' nor node-name='x'", 'NOT_FOUND'],
    ['GenericError', 'Dirty bitmap "x" not found', 'NOT_FOUND'],
    ['GenericError', "Bitmap 'x' is inconsistent and cannot be used", 'CHANGE_TRACKING_LOST'],
    ['GenericError', 'Bitmap already exists: x', 'ALREADY_EXISTS'],
    ['GenericError', 'Guest migration is in progress', 'LOCKED'],
    ['GenericError', "Node 'd0' is busy: block device is in use by block job: mirror", 'LOCKED'],
    ['GenericError', 'Could not open: No space left on device', 'NO_SPACE'],
    ['GenericError', "Could not create '/x': Permission denied", 'PERMISSION_DENIED'],
    ['GenericError', 'something new', 'UNEXPECTED'],
  ])('tells %s (%s) as %s', async (name, desc, code) => {
    const peer: Peer = ({ id }, answer) => answer({ error: { class: name, desc }, id });
    await using qmp = await connectQmp(await monitor(peer));
    await expect(qmp.execute('do-it')).rejects.toMatchObject({
      code,
      message: expect.stringContaining(desc),
      context: { class: name },
    });
  });

  it('fails what waits, and all that follows, when the connection is lost', async () => {
    const place = await monitor(
      ({ execute }, _answer, socket) => void (execute === 'die' && socket.destroy()),
    );
    await using qmp = await connectQmp(place);
    const waiting = qmp.execute('wait').catch((error: unknown) => error);
    await expect(qmp.execute('die')).rejects.toMatchObject({ code: 'CONNECTION_LOST', effect: 'unknown' });
    expect(await waiting).toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(qmp.execute('more')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('gives up a command that gets no answer, and does not mind when it comes late', async () => {
    let late: (() => void) | undefined;
    const peer: Peer = ({ execute, id }, answer) => {
      if (execute === 'slow') late = () => answer({ return: 'late', id });
      else {
        late?.();
        answer({ return: execute, id });
      }
    };
    await using qmp = await connectQmp({ ...(await monitor(peer)), commandTimeoutMs: 50 });
    await expect(qmp.execute('slow')).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'unknown' });
    expect(await qmp.execute('next')).toBe('next');
  });

  it('ends a wait that is cancelled, and goes on', async () => {
    const peer: Peer = ({ execute, id }, answer) =>
      void (execute === 'next' && answer({ return: execute, id }));
    await using qmp = await connectQmp(await monitor(peer));
    const abort = new AbortController();
    const waiting = qmp.execute('wait', {}, { signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await qmp.execute('next')).toBe('next');
  });

  it.each([
    ['an answer that nobody asked for', { return: {}, id: 99 }],
    ['an answer without an id', { return: {} }],
  ])('ends with PROTOCOL_VIOLATION on %s', async (_, message) => {
    await using qmp = await connectQmp(await monitor((_command, answer) => answer(message)));
    await expect(qmp.execute('x')).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it('is closed by dispose, as often as it is called', async () => {
    const qmp = await connectQmp(await monitor(() => undefined));
    const waiting = qmp.execute('wait').catch((error: unknown) => error);
    await qmp[Symbol.asyncDispose]();
    await qmp[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ code: 'NOT_OPEN' });
    await expect(qmp.execute('x')).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

describe('connecting to a monitor', () => {
  it('is LOCKED while it does not greet: another client has it', async () => {
    const place = await monitor(() => undefined, '');
    await expect(connectQmp({ ...place, greetingTimeoutMs: 50 })).rejects.toMatchObject({ code: 'LOCKED' });
  });

  it('is refused when something else is there', async () => {
    const place = await monitor(() => undefined, 'QEMU 7.2 monitor\n');
    await expect(connectQmp(place)).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      remedy: expect.stringContaining('human monitor'),
    });
  });

  it('says so when there is none', async () => {
    await monitor(() => undefined);
    const address = { kind: 'unix', path: join(folder, 'nothing') } as const;
    await expect(connectQmp({ address })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      remedy: expect.stringContaining('image:PATH'),
    });
  });

  it('can be cancelled', async () => {
    const place = await monitor(() => undefined, '');
    const abort = new AbortController();
    const connecting = connectQmp(place, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(connecting).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
