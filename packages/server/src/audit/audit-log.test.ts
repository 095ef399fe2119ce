import type { LogRecord } from '@sendense/core';
import type { FileSystem, Timer } from '@sendense/plugin-kit';
import {
  countingFileSystem,
  createMemoryFileSystem,
  createTestClock,
  type FileFault,
  faultyFileSystem,
  type MemoryFileSystem,
} from '@sendense/testkit';
import { beforeEach, expect, it } from 'vitest';
import type { AuditEntry } from './audit-log.ts';
import { openAuditLog } from './open-audit-log.ts';

const OPTIONS = { maxFileBytes: 1000, keptFiles: 3 };
const PATH = '/state/audit/audit.jsonl';
let disk: MemoryFileSystem;
let logged: LogRecord[];
let sleeping: PromiseWithResolvers<void> | undefined;
beforeEach(async () => {
  disk = createMemoryFileSystem();
  await disk.makeDirectory('/state');
  await disk.syncDirectory('/');
  logged = [];
});

function entry(request: string): AuditEntry {
  return {
    event: 'asked',
    request,
    principal: 'token:0123456789abcdef',
    tenant: null,
    address: '127.0.0.1',
    method: 'POST',
    route: '/api/v1/backup/start',
    parameters: {},
    status: null,
    job: null,
    subject: {},
  };
}

/** Ends the wait that the log is in, and lets it do what it waited for. */
async function wakeUp(): Promise<void> {
  sleeping?.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

const timer: Timer = {
  monotonicMs: () => 0,
  sleep(_ms, signal) {
    const turn = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => turn.reject(new Error('stopped')), { once: true });
    sleeping = turn;
    return turn.promise;
  },
};

function open(fileSystem: FileSystem = disk) {
  const log = (record: LogRecord) => void logged.push(record);
  const services = { fileSystem, clock: createTestClock(), timer, log };
  return openAuditLog('/state/audit', OPTIONS, services);
}

async function textOf(path: string, fileSystem: FileSystem = disk): Promise<string> {
  await using file = await fileSystem.open(path, 'read');
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0);
  return new TextDecoder().decode(bytes);
}

/** The requests in the log, from the oldest file to the youngest; `damaged` for a line that is not JSON. */
async function requests(fileSystem: FileSystem = disk): Promise<string[]> {
  const files = (await fileSystem.list('/state/audit')).toSorted((a, b) => b.localeCompare(a));
  const texts = await Promise.all(files.map((file) => textOf(`/state/audit/${file}`, fileSystem)));
  return texts.flatMap((text) => text.split('\n').slice(0, -1)).map(requestOf);
}

function requestOf(line: string): string {
  try {
    const { event, request } = JSON.parse(line) as { event: string; request?: string };
    return request ?? event;
  } catch {
    return 'damaged';
  }
}

it('has put a line on the disk when it says so, whatever the power does', async () => {
  await using log = await open();
  await log.record(entry('one'));
  await log.record(entry('two'));
  for (let seed = 0; seed < 5; seed++)
    expect(await requests(disk.afterPowerLoss(seed))).toEqual(['one', 'two']);
});

it('goes on behind the lines of the server before', async () => {
  for (const request of ['one', 'two']) {
    await using log = await open();
    await log.record(entry(request));
  }
  expect(await requests()).toEqual(['one', 'two']);
});

it('syncs lines that come at once together, in their order', async () => {
  const counting = countingFileSystem(disk);
  await using log = await open(counting);
  const before = counting.operations.filter(({ kind }) => kind === 'sync').length;
  const names = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(names.map((name) => log.record(entry(name))));
  expect(counting.operations.filter(({ kind }) => kind === 'sync').length - before).toBe(2);
  expect(await requests()).toEqual(names);
});

it('ends a line that a crash left unfinished, so that the next one stands alone', async () => {
  await (await open())[Symbol.asyncDispose]();
  await using file = await disk.open(PATH, 'read-write');
  await file.write(new TextEncoder().encode('{"at":"2026-01-'), 0);
  await using log = await open();
  await log.record(entry('next'));
  expect(await requests()).toEqual(['damaged', 'next']);
});

it('puts files aside by size and keeps the youngest of them', async () => {
  await using log = await open();
  for (let n = 10; n < 40; n++) await log.record(entry(String(n)));
  const files = await disk.list('/state/audit');
  expect(files).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2', 'audit.jsonl.3']);
  for (const file of files)
    expect((await disk.stat(`/state/audit/${file}`))?.sizeBytes).toBeLessThanOrEqual(OPTIONS.maxFileBytes);
  const kept = await requests();
  expect(kept.length).toBeGreaterThan(9);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, n) => String(40 - kept.length + n)));
});

it('loses no line that it keeps when the power fails while files are put aside', async () => {
  await using log = await open();
  for (let n = 10; n < 22; n++) {
    await log.record(entry(String(n)));
    for (let seed = 0; seed < 4; seed++) {
      const after = await requests(disk.afterPowerLoss(seed));
      expect(after).toEqual(Array.from({ length: n - 9 }, (_, at) => String(10 + at)));
    }
  }
});

const FAULTS: readonly [name: string, fault: FileFault, code: string][] = [
  ['the disk is full', ({ kind }) => (kind === 'write' ? 'ENOSPC' : undefined), 'NO_SPACE'],
  ['a sync fails', ({ kind }) => (kind === 'sync' ? 'EIO' : undefined), 'READ_ONLY'],
];

for (const [name, fault, code] of FAULTS) {
  it(`tells every caller, the log and readiness when ${name}, and goes on when it is mended`, async () => {
    let isBroken = false;
    await using log = await open(
      faultyFileSystem(disk, (operation, change) => (isBroken ? fault(operation, change) : undefined)),
    );
    await log.record(entry('before'));
    isBroken = true;
    const results = await Promise.allSettled([log.record(entry('lost-1')), log.record(entry('lost-2'))]);
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code, retry: 'later' } });
    expect(log.isWritable).toBe(false);
    expect(logged.length).toBeGreaterThan(0);
    expect(logged[0]).toMatchObject({ level: 'error', message: expect.stringContaining('audit log') });
    isBroken = false;
    await log.record(entry('after'));
    expect(log.isWritable).toBe(true);
    expect(await requests()).toEqual(['before', 'gap', 'after']);
    expect(await textOf(PATH)).toContain('"event":"gap","since":"2026-01-01T00:00:00.000Z","lines":2}');
  });
}

it('finds out by itself that it is mended, as nobody may ask a server that is not ready', async () => {
  let isBroken = false;
  const broken = faultyFileSystem(disk, ({ kind }) => (isBroken && kind === 'sync' ? 'EIO' : undefined));
  await using log = await open(broken);
  isBroken = true;
  await expect(log.record(entry('lost'))).rejects.toMatchObject({ code: 'READ_ONLY' });
  await wakeUp();
  expect(log.isWritable).toBe(false);
  isBroken = false;
  await wakeUp();
  expect(log.isWritable).toBe(true);
  expect(await requests()).toEqual(['gap']);
});

it('goes on in a file of its own when somebody moves, removes or cuts the one it writes', async () => {
  await using log = await open();
  await log.record(entry('moved'));
  await disk.rename(PATH, '/state/elsewhere');
  await log.record(entry('one'));
  expect(await requests()).toEqual(['one']);
  await disk.unlink(PATH);
  await log.record(entry('two'));
  expect(await requests()).toEqual(['two']);
  await using file = await disk.open(PATH, 'read-write');
  await file.truncate(0);
  await log.record(entry('three'));
  expect(await requests()).toEqual(['three']);
});

it('does not start where nothing can be written', async () => {
  const readOnly = faultyFileSystem(disk, ({ kind }) => (kind === 'create' ? 'EROFS' : undefined));
  await expect(open(readOnly)).rejects.toMatchObject({ code: 'READ_ONLY' });
});

it('finishes what it was given before it closes, and takes nothing afterwards', async () => {
  const log = await open();
  const last = log.record(entry('last'));
  await log[Symbol.asyncDispose]();
  await last;
  expect(await requests()).toEqual(['last']);
  await expect(log.record(entry('late'))).rejects.toMatchObject({ code: 'NOT_OPEN' });
});
