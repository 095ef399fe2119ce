import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { createNativeDriver, type NativeDriverOptions } from '@sendense/blockio-native';
import type { BlockEndpoint, TransferRequest } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeNative } from './fixtures.ts';
import { type ServedFile, type SilentDisk, serveHere, serveSilently } from './support/serve-here.ts';

const SIZE = 8 * 1024 * 1024;
const ONES = Buffer.alloc(SIZE, 1);
const ZEROS = Buffer.alloc(SIZE);
const COPY_TIMES = 500;

let open: (AsyncDisposable | undefined)[];
beforeEach(() => {
  open = [];
});
afterEach(async () => {
  for (const server of open) await server?.[Symbol.asyncDispose]();
});

async function serve(content: Uint8Array): Promise<ServedFile> {
  const server = await serveHere(content, { multiConnection: true });
  open.push(server);
  return server;
}

async function silent(content: Uint8Array): Promise<SilentDisk> {
  const server = await serveSilently(content);
  open.push(server);
  return server;
}

/** A request of as many moves as asked for, each over the whole disk. */
function wholeDisk(from: BlockEndpoint, to: BlockEndpoint, times: number): TransferRequest {
  const moves = Array.from({ length: times }, () => [0, 0, 0, SIZE]).flat();
  const zeros = { pieceBytes: 65_536, action: 'skip' } as const;
  return { from: [from], to, moves: Float64Array.from(moves), digest: true, zeros };
}

/** A worker that does the request, and a promise of the moment at which it has begun to move. */
function startWorker(request: TransferRequest, options: NativeDriverOptions = {}) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./worker-process.ts', import.meta.url), {
    workerData: { request, flag, options },
    execArgv: process.execArgv,
  });
  return { worker, moving: Atomics.waitAsync(flag, 0, 0).value };
}

/** A program that is in the middle of everything; it goes on when it is told to leave. */
async function startProgram(from: BlockEndpoint, to: BlockEndpoint, how: string) {
  const program = join(import.meta.dirname, 'nbd-exit-process.ts');
  const args = [...process.execArgv, program, JSON.stringify(from), JSON.stringify(to), String(SIZE), how];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [ended, said] = [once(child, 'exit'), text(child.stderr)];
  await once(child.stdout, 'data');
  return { leave: () => child.stdin.write('now\n'), ended, said };
}

const threads = () => readdirSync('/proc/self/task').length;

describeNative('the addon in its environment, with NBD servers', () => {
  it('works in several workers at once', async () => {
    const [from, to] = [await serve(ONES), await serve(ZEROS)];
    const workers = [1, 2, 3].map(() => startWorker(wholeDisk(from.endpoint, to.endpoint, 1)));
    await Promise.all(workers.map(({ worker }) => once(worker, 'exit')));
    expect(Buffer.compare(await readFile(to.path), ONES)).toBe(0);
  });

  it('stops the transfers of a worker that is terminated, before terminate resolves', async () => {
    const [from, to] = [await serve(ONES), await serve(ZEROS)];
    const request = wholeDisk(from.endpoint, to.endpoint, COPY_TIMES);
    const { worker, moving } = startWorker(request, { abortTimeoutMs: 60_000 });
    await moving;
    await worker.terminate();
    await writeFile(to.path, ZEROS);
    await using writer = await createNativeDriver().openWriter(to.endpoint);
    await writer.flush();
    expect(Buffer.compare(await readFile(to.path), ZEROS)).toBe(0);
  });

  it.each(['from', 'to'])('terminates a worker in a transfer %s a silent server', async (end) => {
    const [disk, other] = [await silent(ONES), await serve(ONES)];
    const ends: [BlockEndpoint, BlockEndpoint] =
      end === 'from' ? [disk.endpoint, other.endpoint] : [other.endpoint, disk.endpoint];
    const { worker } = startWorker(wholeDisk(...ends, 1));
    await disk.asked;
    // it resolves although the server never answers
    expect(await worker.terminate()).toBe(1);
  });

  it.each([
    ['ends at once with the exit code', 'exit', 7],
    ['ends by an uncaught error', 'throw', 1],
  ] as const)('a program that waits for silent servers %s', async (_, how, code) => {
    const [from, to] = [await silent(ONES), await silent(ZEROS)];
    const program = await startProgram(from.endpoint, to.endpoint, how);
    await Promise.all([from.asked, to.asked]);
    program.leave();
    expect(await program.ended).toEqual([code, null]);
    if (how === 'throw') expect(await program.said).toContain('on purpose');
  });

  it('a program ends by itself once its calls are done, although it closed nothing', async () => {
    const [from, to] = [await serve(ONES), await serve(ZEROS)];
    const program = await startProgram(from.endpoint, to.endpoint, 'return');
    program.leave();
    expect(await program.ended).toEqual([0, null]);
    expect((await readFile(to.path)).subarray(65_536).equals(ONES.subarray(65_536))).toBe(true);
  });

  it('leaves no descriptor and no thread behind, over many transfers, readers and writers', async () => {
    const program = join(import.meta.dirname, 'leak-process.ts');
    const child = spawn(process.execPath, [...process.execArgv, program, '80'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // its exit code is about memory too, which takes thousands of rounds to settle
    const { before, after } = JSON.parse(await text(child.stdout));
    expect(after.files).toBeLessThanOrEqual(before.files);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
  });

  it('survives a storm of readers and writers that are cancelled at any moment, and leaves no thread', async () => {
    const disk = await serve(ONES);
    const driver = createNativeDriver({ abortTimeoutMs: 60_000 });
    const storm = async (index: number): Promise<string> => {
      const call = { signal: AbortSignal.timeout(index % 17) };
      try {
        await using reader = await driver.openReader(disk.endpoint, call);
        await using writer = await driver.openWriter(disk.endpoint, call);
        const into = Buffer.alloc(65_536);
        for (let at = 0; at < SIZE; at += into.byteLength) {
          await reader.read(at, into, call);
          await writer.write(at, into, call);
        }
        await writer.flush(call);
        return 'done';
      } catch (error) {
        return (error as { readonly code: string }).code;
      }
    };
    const outcomes: string[] = [];
    const before = threads();
    for (let round = 0; round < 5; round++)
      outcomes.push(...(await Promise.all(Array.from({ length: 20 }, (_, index) => storm(index)))));
    expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== 'ABORTED')).toEqual([]);
    expect(outcomes).toContain('ABORTED');
    expect(Buffer.compare(await readFile(disk.path), ONES)).toBe(0);
    // threads of connections end with them
    for (let waits = 0; threads() > before && waits < 1000; waits++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(threads()).toBeLessThanOrEqual(before);
  });
});
