import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { freePort } from '../nbd/free-port.ts';
import { peerEnvironment, readPeers } from '../peer-list.ts';

/** A running HTTP server of somebody else on the loopback. Disposing stops it and removes its data. */
export interface HttpServerProcess extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
}

/** How a program is started. */
export type ServerCommand = {
  /** Row of `peers.json` whose programs are used. */
  readonly peer: string;
  readonly program: string;
  readonly args: (folder: string, port: number) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Makes what must be there before it starts. */
  readonly prepare?: (folder: string) => Promise<void>;
};

/** Java on a machine that does other things is slow to begin. */
const START_TIMEOUT_MS = 60_000;

/** Starts a server with an empty folder of its own, and waits until it answers. */
export async function startHttpServer(command: ServerCommand): Promise<HttpServerProcess> {
  const peer = readPeers().find(({ name }) => name === command.peer);
  if (peer === undefined) throw new TypeError(`"${command.peer}" is not a peer of tests/peers.json`);
  const folder = await mkdtemp(join(tmpdir(), `sendense-${command.peer}-`));
  await command.prepare?.(folder);
  const port = await freePort();
  const env = { ...peerEnvironment(peer), ...command.env };
  const args = command.args(folder, port);
  const child = execa(command.program, args, {
    cwd: folder,
    env,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const stopped = new AbortController();
  const ended = child.then(({ all, exitCode }) => `${command.program} ended (${exitCode}): ${all}`);
  const failed = await Promise.race([ended, answers(endpoint, stopped.signal)]);
  stopped.abort();
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child;
    await rm(folder, { recursive: true, force: true });
  };
  if (failed !== undefined) {
    await stop();
    throw new Error(failed);
  }
  return { endpoint, [Symbol.asyncDispose]: stop };
}

/** Resolves with `undefined` when anything answers, else with a sentence. */
async function answers(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!signal.aborted && performance.now() < deadline) {
    try {
      await (await fetch(endpoint)).arrayBuffer();
      return undefined;
    } catch {
      await sleep(20);
    }
  }
  return `nothing answers at ${endpoint}`;
}
