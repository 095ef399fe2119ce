import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeDriver } from '@sendense/blockio-native';
import type { BlockEndpoint, Call, TransferRequest } from '@sendense/core';
import { collectGarbage } from '@sendense/tests/collect-garbage';

// By hand: `node --conditions=@sendense/source packages/blockio-native/test/leak-process.ts 10000`. As many transfers from and
// to an NBD server as told, each beside a reader and a writer of its own, one in eight aborted. Says what the process
// held before and after; exit code 1 when that grew.
const rounds = Number(process.argv[2] ?? 10_000);
const SIZE = 512 * 1024;
const MIB = 1024 * 1024;
const AT_ONCE = 4;
const WARM_ROUNDS = 40;
/** A leak of one buffer in three hundred transfers is more than this; what a process holds settles slowly. */
const MOST_BYTES = 32 * MIB;

type Ends = { readonly disk: BlockEndpoint; readonly file: BlockEndpoint };

const driver = createNativeDriver({ abortTimeoutMs: 60_000 });

function request(from: BlockEndpoint, to: BlockEndpoint): TransferRequest {
  const zeros = { pieceBytes: 65_536, action: 'skip' } as const;
  return { from: [from], to, moves: Float64Array.of(0, 0, 0, SIZE), digest: true, zeros };
}

async function useClients({ disk }: Ends): Promise<void> {
  await using reader = await driver.openReader(disk);
  await using writer = await driver.openWriter(disk);
  const bytes = new Uint8Array(65_536);
  await reader.read(0, bytes);
  for await (const _ of reader.extents({ offset: 0, length: SIZE }));
  await writer.write(65_536, bytes);
  await writer.flush();
}

async function oneRound(index: number, ends: Ends): Promise<void> {
  const call: Call = index % 8 === 0 ? { signal: AbortSignal.timeout(index % 5) } : {};
  const [from, to] = index % 2 === 0 ? [ends.disk, ends.file] : [ends.file, ends.disk];
  const moved = driver.transfer?.(request(from, to), call).catch((error: { readonly code: string }) => {
    if (error.code !== 'ABORTED') throw error;
  });
  await Promise.all([moved, useClients(ends)]);
}

async function run(times: number, ends: Ends): Promise<void> {
  for (let round = 0; round < times; round += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => oneRound(round + index, ends)));
}

const held = () => ({
  files: readdirSync('/proc/self/fd').length,
  threads: readdirSync('/proc/self/task').length,
  bytes: process.memoryUsage().rss,
});

/** What is held once the threads of closed connections have ended; they are told to, and not waited for. */
async function heldInTheEnd(most?: ReturnType<typeof held>) {
  collectGarbage();
  let now = held();
  for (let waits = 0; waits < 500 && (most === undefined ? waits < 20 : grew(most, now)); waits++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    now = held();
  }
  return now;
}

const grew = (before: ReturnType<typeof held>, after: ReturnType<typeof held>): boolean =>
  after.files > before.files || after.threads > before.threads || after.bytes - before.bytes > MOST_BYTES;

const folder = await mkdtemp(join(tmpdir(), 'sendense-leak-'));
const program = join(import.meta.dirname, 'serve-process.ts');
const server = spawn(process.execPath, [...process.execArgv, program, String(SIZE)], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [said] = await once(server.stdout, 'data');
const ends: Ends = { disk: JSON.parse(String(said)), file: { kind: 'file', path: join(folder, 'file') } };
await writeFile(join(folder, 'file'), Buffer.alloc(SIZE, 1));
await run(Math.max(WARM_ROUNDS, rounds / 10), ends);
const before = await heldInTheEnd();
const begun = performance.now();
await run(rounds, ends);
const after = await heldInTheEnd(before);
const seconds = Math.round((performance.now() - begun) / 1000);
process.stdout.write(`${JSON.stringify({ rounds, seconds, before, after })}\n`);
process.exitCode = grew(before, after) ? 1 : 0;
server.stdin.end();
await once(server, 'exit');
await rm(folder, { recursive: true });
