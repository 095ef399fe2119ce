import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Running, startCtl } from './run-ctl.ts';

/** What a server may serve: two machines, two repositories and a target; `stuck` is a machine whose monitor never answers: a job that goes on until it is ended. */
export const SERVED = {
  sources: {
    web: { at: 'image:disk.raw', format: 'raw', machineName: 'web' },
    db: { at: 'image:other.raw', format: 'raw', machineName: 'db' },
    stuck: 'qemu:stuck.sock',
  },
  repositories: { here: 'local:here', there: 'local:there' },
  targets: { lab: { at: 'image:restored.raw', format: 'raw' } },
};

/** A server of the command line, and where it listens. */
export type Served = { readonly server: Running; readonly url: string };

/** A folder with a configuration that servers serve, and one of somebody else who has none; dispose ends the servers and removes both. */
export class ServerScene implements AsyncDisposable {
  /** Where the server runs, with disks and repositories. */
  readonly home: string;
  /** Where those call from who have nothing but its URL. */
  readonly away: string;
  readonly #running: Running[] = [];
  readonly #silent: Server[] = [];

  constructor(home: string, away: string) {
    this.home = home;
    this.away = away;
  }

  /** Starts a server, which has told where it listens when this resolves. */
  async serve(args: readonly string[] = []): Promise<Served> {
    const server = startCtl(this.home, ['server', 'start', ...args, '--json']);
    this.#running.push(server);
    if (server.child.stdout === null) throw new Error('no output');
    for await (const line of createInterface({ input: server.child.stdout }))
      return { server, url: (JSON.parse(line) as { url: string }).url };
    throw new Error(`the server ended before it served: ${server.stderr()}`);
  }

  /** Replaces the configuration of the home. */
  configure(config: object): Promise<void> {
    return writeFile(join(this.home, '.config/sendense/config.json'), JSON.stringify(config));
  }

  /** Makes a socket in the home on which whoever connects is left alone. */
  async neverAnswer(name: string): Promise<void> {
    const silent = createServer().listen(join(this.home, name));
    this.#silent.push(silent);
    await once(silent, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, end } of this.#running.splice(0)) {
      child.kill('SIGKILL');
      await end;
    }
    for (const silent of this.#silent) silent.close();
    for (const folder of [this.home, this.away]) await rm(folder, { recursive: true, force: true });
  }
}

/** Makes a {@link ServerScene}. */
export async function makeServerScene(config: object): Promise<ServerScene> {
  const home = await mkdtemp(join(tmpdir(), 'sendense-served-'));
  await mkdir(join(home, '.config/sendense'), { recursive: true });
  const scene = new ServerScene(home, await mkdtemp(join(tmpdir(), 'sendense-away-')));
  await scene.configure(config);
  return scene;
}
