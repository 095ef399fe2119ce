import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { TransferRequest } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Addon } from '../src/addon.ts';
import { platformFacts, platformName } from '../src/platform.ts';
import { describeNative } from './fixtures.ts';

const SIZE = 32 * 1024 * 1024;
const ONES = Buffer.alloc(SIZE, 1);
const ZEROS = Buffer.alloc(SIZE);
let folder: string;
let from: string;
let to: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-environment-'));
  from = join(folder, 'from');
  to = join(folder, 'to');
  await writeFile(from, ONES);
  await writeFile(to, ZEROS);
});
afterEach(() => rm(folder, { recursive: true }));

/** A request of as many moves as asked for, each over the whole file: they touch, so that one thread does them in turn. */
function wholeFile(times: number): TransferRequest {
  const moves = Array.from({ length: times }, () => [0, 0, 0, SIZE]).flat();
  const zeros = { pieceBytes: 65_536, action: 'skip' } as const;
  const end = (path: string) => ({ kind: 'file', path }) as const;
  return { from: [end(from)], to: end(to), moves: Float64Array.from(moves), digest: true, zeros };
}

/** A worker that does the request, and a promise of the moment at which it has begun to move. */
function startWorker(request: TransferRequest) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./worker-process.ts', import.meta.url), {
    workerData: { request, flag },
    execArgv: process.execArgv,
  });
  return { worker, moving: Atomics.waitAsync(flag, 0, 0).value };
}

describeNative('the addon in its environment', () => {
  it('works in several workers at once', async () => {
    const workers = [1, 2, 3].map(() => startWorker(wholeFile(1)));
    await Promise.all(workers.map(({ worker }) => once(worker, 'exit')));
    expect(Buffer.compare(await readFile(to), ONES)).toBe(0);
  });

  it('stops the transfers of a worker that is terminated, before terminate resolves', async () => {
    const { worker, moving } = startWorker(wholeFile(1000));
    await moving;
    await worker.terminate();
    await writeFile(to, ZEROS);
    await delay(50);
    expect(Buffer.compare(await readFile(to), ZEROS)).toBe(0);
  });

  it.each([
    ['ends at once with the exit code, in the middle of a transfer', 'exit', 7],
    ['ends by an uncaught error, in the middle of a transfer', 'throw', 1],
    ['ends by itself once a transfer that nobody waits for is done', 'return', 0],
  ] as const)('a program %s', async (_, how, code) => {
    const program = join(import.meta.dirname, 'exit-process.ts');
    const args = [...process.execArgv, program, from, to, String(SIZE), how];
    const { status, signal } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, signal }).toEqual({ status: code, signal: null });
    if (how === 'return') expect(Buffer.compare(await readFile(to), ONES)).toBe(0);
  });

  it('survives a panic of the native code, which becomes a code', async () => {
    const addon = createRequire(import.meta.url)(
      `@sendense/blockio-native-${platformName(platformFacts())}`,
    ) as Addon;
    // the driver refuses pieces of no bytes; the native code has no answer to them
    const { failure } = await new addon.TransferHost().start(
      {
        from: [{ path: from, device: false }],
        to: { path: to, device: false },
        moves: Float64Array.of(0, 0, 0, SIZE),
        digest: false,
        pieceBytes: 0,
        zeros: 'skip',
        pastCache: false,
        windowBytes: 65_536,
        threads: 2,
      },
      new addon.TransferControl(),
    );
    expect(failure).toEqual({ cause: 'panicked', open: false });
    expect(Buffer.compare(await readFile(to), ZEROS)).toBe(0);
  });
});
