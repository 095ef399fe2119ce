import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createNativeDriver, type NativeDriverOptions } from '@sendense/blockio-native';
import type { BlockEndpoint, Call } from '@sendense/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { describeNative } from './fixtures.ts';
import { type SilentDisk, serveSilently } from './support/serve-here.ts';

const SIZE = 8 * 1024 * 1024;
const ONES = Buffer.alloc(SIZE, 1);
const ABANDONED = {
  code: 'ABORTED',
  effect: 'unknown',
  message: expect.stringContaining('may still do it'),
};

let disk: SilentDisk;
let file: { readonly kind: 'file'; readonly path: string };
let folder: string;
beforeEach(async () => {
  disk = await serveSilently(Buffer.alloc(SIZE));
  folder = await mkdtemp(join(tmpdir(), 'sendense-abort-'));
  file = { kind: 'file', path: join(folder, 'file') };
  await writeFile(file.path, ONES);
});
afterEach(async () => {
  vi.useRealTimers();
  await disk[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** What a call rejects with; observed at once, looked at later. */
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'it resolved',
    (error: unknown) => error,
  );

function transfer(from: BlockEndpoint, to: BlockEndpoint, call: Call, options?: NativeDriverOptions) {
  const zeros = { pieceBytes: 65_536, action: 'skip' } as const;
  const moves = Float64Array.of(0, 0, 0, SIZE);
  const started = createNativeDriver(options).transfer?.(
    { from: [from], to, moves, digest: false, zeros },
    call,
  );
  if (started === undefined) throw new TypeError('the driver offers no transfer');
  return started;
}

describeNative('an abort at an NBD server that does not answer', () => {
  it.each(['write', 'zero', 'flush'] as const)(
    'settles a %s 50 ms later, of unknown effect, and ends the writer',
    async (verb) => {
      const writer = await createNativeDriver().openWriter(disk.endpoint);
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const [cancel, data] = [new AbortController(), Buffer.alloc(4096, 7)];
      const call: Call = { signal: cancel.signal };
      const changes = {
        write: () => writer.write(0, data, call),
        zero: () => writer.zero(0, SIZE, call),
        flush: () => writer.flush(call),
      };
      let settled = false;
      const change = failureOf(changes[verb]());
      void change.finally(() => (settled = true));
      const other = failureOf(writer.write(65_536, Buffer.alloc(4096, 7)));
      await disk.asked;
      cancel.abort();
      vi.advanceTimersByTime(49);
      for (let turns = 0; turns < 20; turns++) await turn();
      expect(settled).toBe(false);
      vi.advanceTimersByTime(1);
      expect(await change).toMatchObject(ABANDONED);
      expect(await other).toMatchObject({ code: 'CONNECTION_LOST', effect: 'unknown' });
      expect(await failureOf(writer.flush())).toMatchObject({ code: 'NOT_OPEN' });
      // what was sent is what the server has, whatever becomes of the caller's bytes
      data.fill(9);
      disk.answer();
      await writer[Symbol.asyncDispose]();
      expect((await readFile(disk.path)).includes(9)).toBe(false);
    },
  );

  it('settles a transfer to it soon, and tells that its effect is unknown', async () => {
    const cancel = new AbortController();
    const running = failureOf(transfer(file, disk.endpoint, { signal: cancel.signal }));
    await disk.asked;
    cancel.abort();
    expect(await running).toMatchObject(ABANDONED);
  });

  it('settles a transfer from it soon, which has left nothing open', async () => {
    const cancel = new AbortController();
    const running = failureOf(transfer(disk.endpoint, file, { signal: cancel.signal }));
    await disk.asked;
    cancel.abort();
    expect(await running).toMatchObject({ code: 'ABORTED', effect: 'none' });
    disk.answer();
    expect(Buffer.compare(await readFile(file.path), ONES)).toBe(0);
  });

  it.each([65_536, 262_144])(
    'has asked for no more than the window of a transfer (%s)',
    async (windowBytes) => {
      const cancel = new AbortController();
      const options = { windowBytes, threads: 2, pastCache: false };
      const running = failureOf(transfer(disk.endpoint, file, { signal: cancel.signal }, options));
      // each of two threads asks for three buffers, and then waits for them
      while (disk.askedBytes() < 2 * 3 * windowBytes) await turn();
      for (let turns = 0; turns < 100; turns++) await turn();
      expect(disk.askedBytes()).toBe(2 * 3 * windowBytes);
      cancel.abort();
      expect(await running).toMatchObject({ code: 'ABORTED' });
    },
  );

  it('settles a read soon, and never touches its bytes afterwards', async () => {
    await using reader = await createNativeDriver().openReader(disk.endpoint);
    const [cancel, into] = [new AbortController(), Buffer.alloc(4096, 7)];
    const reading = failureOf(reader.read(0, into, { signal: cancel.signal }));
    await disk.asked;
    cancel.abort();
    expect(await reading).toMatchObject({ code: 'ABORTED', effect: 'none' });
    disk.answer();
    const other = Buffer.alloc(4096, 7);
    await reader.read(0, other);
    expect([into.equals(Buffer.alloc(4096, 7)), other.equals(Buffer.alloc(4096))]).toEqual([true, true]);
  });

  it('waits for the answers as long as it is told to: then nothing is written after it has settled', async () => {
    const cancel = new AbortController();
    const options = { abortTimeoutMs: 60_000 };
    const running = failureOf(transfer(file, disk.endpoint, { signal: cancel.signal }, options));
    await disk.asked;
    cancel.abort();
    disk.answer();
    expect(await running).toMatchObject({ code: 'ABORTED', effect: 'none' });
    expect((await readFile(disk.path)).includes(1)).toBe(true);
    await writeFile(disk.path, Buffer.alloc(SIZE));
    await using writer = await createNativeDriver().openWriter(disk.endpoint);
    await writer.flush();
    expect((await readFile(disk.path)).includes(1)).toBe(false);
  });

  it.each(['write', 'zero'] as const)('closes a writer once the %s it was sent is answered', async (verb) => {
    const writer = await createNativeDriver({ abortTimeoutMs: 60_000 }).openWriter(disk.endpoint);
    const changes = {
      write: () => writer.write(0, Buffer.alloc(4096, 7)),
      zero: () => writer.zero(0, SIZE),
    };
    const change = changes[verb]();
    await disk.asked;
    let closed = false;
    const closing = writer[Symbol.asyncDispose]().then(() => (closed = true));
    for (let turns = 0; turns < 100; turns++) await turn();
    expect(closed).toBe(false);
    expect(await failureOf(writer.flush())).toMatchObject({ code: 'NOT_OPEN' });
    disk.answer();
    await closing;
    await change;
  });

  it('closes a writer although the server answers nothing, after the time it has for it', async () => {
    const writer = await createNativeDriver().openWriter(disk.endpoint);
    const change = failureOf(writer.write(0, Buffer.alloc(4096, 7)));
    await disk.asked;
    await writer[Symbol.asyncDispose]();
    expect(await change).toMatchObject({ code: 'CONNECTION_LOST', effect: 'unknown' });
  });
});
