import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createNativeDriver } from '@sendense/blockio-native';
import { type Call, copyBlocks, type NbdEndpoint, type TransferRequest } from '@sendense/core';
import { createPace } from '@sendense/plugin-kit';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { seededBytes } from '@sendense/testkit';
import { type NbdServerProcess, startNbdkit, startQemuNbd } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MIB = 1024 * 1024;
const PIECE = 65_536;
let folder: string;
let servers: NbdServerProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-native-nbd-'));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function exportOf(server: NbdServerProcess): NbdEndpoint {
  servers.push(server);
  return { kind: 'nbd', address: server.address, export: '' };
}

async function qemu(name: string, content: Uint8Array, clients?: number): Promise<NbdEndpoint> {
  const image = join(folder, name);
  await writeFile(image, content);
  const socket = join(folder, `${name}.sock`);
  return exportOf(await startQemuNbd({ image, format: 'raw', socket, ...(clients && { clients }) }));
}

async function file(name: string, content: Uint8Array) {
  const path = join(folder, name);
  await writeFile(path, content);
  return { kind: 'file', path } as const;
}

function transfer(request: Pick<TransferRequest, 'from' | 'to'>, moves: number[], call?: Call) {
  const zeros = { pieceBytes: PIECE, action: 'write' } as const;
  const packed = { ...request, moves: Float64Array.from(moves), digest: true, zeros };
  // an aborted transfer waits for the answers, however busy this machine is
  const started = createNativeDriver({ abortTimeoutMs: 60_000 }).transfer?.(packed, call);
  if (started === undefined) throw new TypeError('the driver offers no transfer');
  return started;
}

const stored = (name: string) => readFile(join(folder, name));

describeWithPeers(['qemu-nbd', 'nbdkit'], 'a native transfer at NBD servers', () => {
  it('mixes exports and files in one request, with a digest of each move', async () => {
    const a = Buffer.from(seededBytes(1, 9 * MIB)).fill(0, 2 * MIB, 4 * MIB);
    const b = Buffer.from(seededBytes(2, MIB));
    const from = [await qemu('a', a), await file('b', b)];
    const to = await file('to', Buffer.alloc(12 * MIB, 7));
    const moves = [0, MIB, 0, 8 * MIB, 1, 100, 8 * MIB + 5, PIECE, 0, 77, 10 * MIB, 1000];
    const seen: number[] = [];
    const { digests, zeros } = await transfer({ from, to }, moves, {
      onProgress: ({ done }) => seen.push(done),
    });
    const parts = [a.subarray(MIB), b.subarray(100, 100 + PIECE), a.subarray(77, 1077)];
    const expected = Buffer.alloc(12 * MIB, 7);
    expected.set(parts[0] ?? [], 0);
    expected.set(parts[1] ?? [], 8 * MIB + 5);
    expected.set(parts[2] ?? [], 10 * MIB);
    expect(Buffer.compare(await stored('to'), expected)).toBe(0);
    const blake3 = await loadBlake3();
    expect(Buffer.compare(digests ?? Buffer.alloc(0), Buffer.concat(parts.map(blake3)))).toBe(0);
    expect([...zeros]).toEqual([0, MIB, 2 * MIB]);
    expect(seen.at(-1)).toBe(8 * MIB + PIECE + 1000);
  });

  it('moves from one server to another, and frees there what is zero', async () => {
    const content = Buffer.from(seededBytes(3, 16 * MIB)).fill(0, 4 * MIB, 12 * MIB);
    const from = [await qemu('from', content)];
    const to = await qemu('to', Buffer.alloc(16 * MIB, 7));
    await using writer = await createNativeDriver().openWriter(to);
    await transfer({ from, to }, [0, 0, 0, 16 * MIB]);
    await writer.flush();
    expect(Buffer.compare(await stored('to'), content)).toBe(0);
    expect((await stat(join(folder, 'to'))).blocks * 512).toBeLessThan(10 * MIB);
  });

  it('copies an export larger than 4 GiB by what it holds, at a rate that is changed while it runs', async () => {
    const size = 6 * 1024 * MIB;
    const data = Buffer.from(seededBytes(4, 2 * MIB));
    const image = join(folder, 'large');
    const handle = await open(image, 'w');
    await handle.truncate(size);
    for (const at of [MIB, 5 * 1024 * MIB + 512]) await handle.write(data, 0, data.byteLength, at);
    await handle.close();
    const socket = join(folder, 'socket');
    const endpoint = exportOf(await startQemuNbd({ image, format: 'raw', socket, readOnly: true }));
    const target = await file('to', Buffer.alloc(0));
    await truncate(target.path, size);
    const driver = createNativeDriver();
    await using from = await driver.openReader(endpoint);
    await using to = await driver.openWriter(target);
    const pace = createPace(MIB);
    const whole = from.extents({ offset: 0, length: size });
    setTimeout(() => pace.setRate(null), 100);
    const copied = await copyBlocks({ from, to, driver, pace, extents: whole });
    expect(copied.bytesRead).toBeLessThan(6 * MIB);
    await using check = await driver.openReader(target);
    const read = Buffer.alloc(data.byteLength);
    await check.read(5 * 1024 * MIB + 512, read);
    expect(Buffer.compare(read, data)).toBe(0);
  });

  it('goes on with one connection at a server that lets nobody else in', async () => {
    const content = Buffer.from(seededBytes(5, 8 * MIB));
    const to = await file('to', Buffer.alloc(8 * MIB));
    await transfer({ from: [await qemu('one', content, 1)], to }, [0, 0, 0, 8 * MIB]);
    expect(Buffer.compare(await stored('to'), content)).toBe(0);
  });

  it.each([
    ['EIO', 'CORRUPT'],
    ['ESHUTDOWN', 'CONNECTION_LOST'],
  ])('fails with %s of the server as %s, naming it', async (errno, code) => {
    const args = ['8M', `error-pread=${errno}`, 'error-pread-rate=100%'];
    const socket = join(folder, 'socket');
    const from = exportOf(await startNbdkit({ plugin: 'memory', filters: ['error'], args, socket }));
    const to = await file('to', Buffer.alloc(8 * MIB));
    await expect(transfer({ from: [from], to }, [0, 0, 0, 8 * MIB])).rejects.toMatchObject({
      code,
      message: expect.stringContaining('socket='),
    });
  });

  it('fails with what the server says when it is the destination', async () => {
    const args = ['8M', 'error-pwrite=ENOSPC', 'error-pwrite-rate=100%'];
    const socket = join(folder, 'socket');
    const to = exportOf(await startNbdkit({ plugin: 'memory', filters: ['error'], args, socket }));
    const from = [await file('from', seededBytes(6, 8 * MIB))];
    await expect(transfer({ from, to }, [0, 0, 0, 8 * MIB])).rejects.toMatchObject({ code: 'NO_SPACE' });
  });

  it('is aborted while the server is silent, long before that answers', async () => {
    const args = ['8M', 'delay-read=60'];
    const socket = join(folder, 'socket');
    const from = exportOf(await startNbdkit({ plugin: 'memory', filters: ['delay'], args, socket }));
    const to = await file('to', Buffer.alloc(8 * MIB));
    const abort = new AbortController();
    const { signal } = abort;
    await using reader = await createNativeDriver().openReader(from);
    const settled = Promise.allSettled([
      transfer({ from: [from], to }, [0, 0, 0, 8 * MIB], { signal }),
      reader.read(0, Buffer.alloc(512), { signal }),
    ]);
    await delay(200);
    abort.abort();
    const codes = (await settled).map((one) => (one.status === 'rejected' ? one.reason.code : 'done'));
    expect(codes).toEqual(['ABORTED', 'ABORTED']);
  }, 30_000);

  it('survives a storm of transfers that are cancelled at any moment, and writes nothing afterwards', async () => {
    const size = 8 * MIB;
    const from = [await qemu('from', Buffer.alloc(size, 1))];
    const to = await qemu('to', Buffer.alloc(size));
    const outcomes: string[] = [];
    for (let round = 0; round < 6; round++) {
      const storm = Array.from({ length: 5 }, async (_, index) => {
        const signal = AbortSignal.timeout(1 + round * 7 + index * 3);
        const running = transfer({ from, to }, [0, 0, 0, size], { signal });
        return await running.then(
          () => 'done',
          (error: { readonly code: string }) => error.code,
        );
      });
      outcomes.push(...(await Promise.all(storm)));
    }
    expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== 'ABORTED')).toEqual([]);
    expect(outcomes).toContain('ABORTED');
    await writeFile(join(folder, 'to'), Buffer.alloc(size));
    await delay(100);
    expect(Buffer.compare(await stored('to'), Buffer.alloc(size))).toBe(0);
  });

  it('ends with CONNECTION_LOST when the server is killed in the middle', async () => {
    const args = ['64M', 'rate=20M'];
    const socket = join(folder, 'socket');
    const server = await startNbdkit({ plugin: 'memory', filters: ['rate'], args, socket });
    const to = await file('to', Buffer.alloc(64 * MIB));
    const running = transfer({ from: [exportOf(server)], to }, [0, 0, 0, 64 * MIB]);
    const failure = running.catch((error: unknown) => error);
    await delay(300);
    await server.kill();
    expect(await failure).toMatchObject({ code: 'CONNECTION_LOST', retry: 'later', effect: 'none' });
  });
});
