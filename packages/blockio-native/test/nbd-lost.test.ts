import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeDriver } from '@sendense/blockio-native';
import { createNbdDriver } from '@sendense/blockio-nbd';
import type { BlockEndpoint, BlockIoDriver, NbdEndpoint } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeNative } from './fixtures.ts';
import { type SilentDisk, serveSilently } from './support/serve-here.ts';

const SIZE = 2 * 1024 * 1024;

let disk: SilentDisk;
let folder: string;
let file: BlockEndpoint;
let way: Server;
let sockets: Socket[];
/** The disk, by a way that can be cut. */
let lost: NbdEndpoint;

beforeEach(async () => {
  disk = await serveSilently(Buffer.alloc(SIZE));
  folder = await mkdtemp(join(tmpdir(), 'sendense-lost-'));
  const path = join(folder, 'file');
  await writeFile(path, Buffer.alloc(SIZE, 1));
  file = { kind: 'file', path };
  sockets = [];
  const { address } = disk.endpoint;
  if (address.kind !== 'unix') throw new TypeError('the disk is served on a unix socket');
  way = createServer((near) => {
    const far = createConnection(address.path);
    for (const socket of [near, far]) sockets.push(socket.on('error', () => undefined));
    near.pipe(far).pipe(near);
  });
  way.listen(join(folder, 'socket'));
  await once(way, 'listening');
  lost = { ...disk.endpoint, address: { kind: 'unix', path: join(folder, 'socket') } };
});
afterEach(async () => {
  cut();
  way.close();
  await disk[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function cut(): void {
  for (const socket of sockets) socket.destroy();
}

/** What a call rejects with when the way to the disk is cut while the disk owes an answer. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const failure = call.then(
    () => 'it resolved',
    (error: unknown) => error,
  );
  await disk.asked;
  cut();
  return await failure;
}

function transfer(from: BlockEndpoint, to: BlockEndpoint): Promise<unknown> {
  const zeros = { pieceBytes: 65_536, action: 'skip' } as const;
  const moves = Float64Array.of(0, 0, 0, SIZE);
  const driver = createNativeDriver();
  return driver.transfer?.({ from: [from], to, moves, digest: false, zeros }) ?? Promise.resolve();
}

async function change(driver: BlockIoDriver, verb: 'write' | 'zero' | 'flush'): Promise<unknown> {
  await using writer = await driver.openWriter(lost);
  if (verb === 'write') return await failureOf(writer.write(0, Buffer.alloc(4096, 1)));
  return await failureOf(verb === 'zero' ? writer.zero(0, SIZE) : writer.flush());
}

const UNKNOWN = { code: 'CONNECTION_LOST', retry: 'later', effect: 'unknown' };

describeNative('an NBD server that goes away', () => {
  it('leaves a transfer to it of unknown effect: it may have done what it was sent', async () => {
    expect(await failureOf(transfer(file, lost))).toMatchObject(UNKNOWN);
  });

  it('leaves a transfer from it without effect beyond its destination', async () => {
    expect(await failureOf(transfer(lost, file))).toMatchObject({ ...UNKNOWN, effect: 'none' });
  });

  it.each(['write', 'zero', 'flush'] as const)(
    'leaves a %s of unknown effect, by native code and by TypeScript',
    async (verb) => {
      expect(await change(createNativeDriver(), verb)).toMatchObject(UNKNOWN);
      expect(await change(createNbdDriver(), verb)).toMatchObject(UNKNOWN);
    },
  );
});
