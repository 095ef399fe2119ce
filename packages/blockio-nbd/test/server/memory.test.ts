import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Command } from '../../src/protocol/index.ts';
import { RawClient } from './raw-client.ts';

const MIB = 1024 * 1024;
/** What one client asks for at once; a little less than the payload, so that whole replies fill a budget exactly. */
const REQUESTS = 64;
const LENGTH = 4 * MIB - 512;
const LIMITS = { maxPayloadBytes: 4 * MIB, connectionBytes: 8 * MIB, serverBytes: 32 * MIB };
/** What the connections and the garbage of the heap may take besides. */
const BESIDES = 48 * MIB;

type Report = { readonly reads: number; readonly writes: number; readonly grownBytes: number };

let folder: string;
let host: ChildProcess;
let clients: RawClient[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
  const program = fileURLToPath(new URL('memory-host.ts', import.meta.url));
  host = fork(program, [join(folder, 'socket'), JSON.stringify(LIMITS)], { execArgv: process.execArgv });
  clients = [];
  await once(host, 'message');
});
afterEach(async () => {
  for (const { stream } of clients) stream.destroy();
  host.kill();
  await once(host, 'exit');
  await rm(folder, { recursive: true });
});

async function enter(): Promise<RawClient> {
  const client = new RawClient(connect(join(folder, 'socket')));
  clients.push(client);
  await client.enter('disk', 'structured');
  return client;
}

async function report(): Promise<Report> {
  host.send('report');
  const [answer] = (await once(host, 'message')) as [Report];
  return answer;
}

/** What the server has taken on when its clients have said all they want, and it has answered others meanwhile. */
async function reportWhenFull(fit: number): Promise<Report> {
  await expect.poll(async () => Object.values(await report())).toContain(fit);
  for (let at = 0; at < 5; at++) await enter();
  return report();
}

const crowds = [
  { clients: 1, budget: LIMITS.connectionBytes },
  { clients: 12, budget: LIMITS.serverBytes },
];

describe.each(crowds)(
  'the memory that a server takes for $clients greedy clients',
  ({ clients: count, budget }) => {
    /** So many of the requests fit in. */
    const fit = budget / LIMITS.maxPayloadBytes;

    it('stays within its budget when they ask for everything and take nothing', async () => {
      for (let at = 0; at < count; at++) {
        const client = await enter();
        for (let request = 0; request < REQUESTS; request++)
          client.request({ command: Command.read, length: LENGTH, offset: request }, 'structured');
      }
      const { reads, grownBytes } = await reportWhenFull(fit);
      expect(reads).toBe(fit);
      expect(grownBytes).toBeLessThan(budget + BESIDES);
    });

    it('stays within its budget when they write to a disk that has stopped', async () => {
      const data = new Uint8Array(LENGTH).fill(7);
      for (let at = 0; at < count; at++) {
        const client = await enter();
        for (let request = 0; request < REQUESTS; request++)
          client.request({ command: Command.write, length: LENGTH, offset: request }, 'structured', data);
      }
      const { writes, grownBytes } = await reportWhenFull(fit);
      expect(writes).toBe(fit);
      expect(grownBytes).toBeLessThan(budget + BESIDES);
    });
  },
);
