import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BlockReader,
  type LogRecord,
  type Repository,
  SendenseError,
  systemServices,
} from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createFileRestore, type FileRestore } from '@sendense/file-restore';
import { createLocalRepository } from '@sendense/repository-local';
import { createImageSource } from '@sendense/source-image';
import { createMemoryJournal, createTestFence, seededBytes } from '@sendense/testkit';
import { TokenStore, tokensDirectory } from '../../src/access/tokens/token-store.ts';
import type { FileMount } from '../../src/mounts/mounted-folders.ts';
import type { ServerOptions } from '../../src/options.ts';
import { type SendenseServer, startServer } from '../../src/start-server.ts';

/** A file that is larger than all that lies in buffers between the disk and a client that takes nothing. */
export const LARGE = seededBytes(7, 48 * 1024 * 1024);
export const CONTENT = seededBytes(8, 1_500_000);
export const TEXT = 'a file of the backup\n';
export const HOSTILE_NAME = 'a"b\r\nX: 1\\é%41.txt';

/** Who calls, by the name of the token. */
export type Who = 'web' | 'db' | 'viewer' | 'all';

const TENANT: Readonly<
  Record<Who, { readonly tenant: string | null; readonly role: 'viewer' | 'operator' }>
> = {
  web: { tenant: 'web', role: 'operator' },
  db: { tenant: 'db', role: 'operator' },
  viewer: { tenant: 'web', role: 'viewer' },
  all: { tenant: null, role: 'operator' },
};

/** What the disks of backups are asked for, and whether they answer. */
export type Disks = { readBytes: number; fail: boolean };

/** A server over a repository with backups of two machines, each of its own tenant; dispose removes all. */
export class FilesServer implements AsyncDisposable {
  readonly server: SendenseServer;
  readonly files: FileRestore;
  readonly disks: Disks;
  /** Ids of the backups by the name of their machine. */
  readonly backups: Readonly<Record<'web' | 'db', string>>;
  /** The file of the audit log. */
  readonly auditFile: string;
  readonly logged: readonly LogRecord[];
  readonly #tokens: Readonly<Record<Who, string>>;
  readonly #owned: AsyncDisposableStack;

  constructor(
    parts: Pick<FilesServer, 'server' | 'files' | 'disks' | 'backups' | 'auditFile' | 'logged'>,
    tokens: Readonly<Record<Who, string>>,
    owned: AsyncDisposableStack,
  ) {
    this.server = parts.server;
    this.files = parts.files;
    this.disks = parts.disks;
    this.backups = parts.backups;
    this.auditFile = parts.auditFile;
    this.logged = parts.logged;
    this.#tokens = tokens;
    this.#owned = owned;
  }

  /** The headers of a caller. */
  headers(who: Who): Record<string, string> {
    return { authorization: `Bearer ${this.#tokens[who]}` };
  }

  /** Sends a request; `path` stands behind `/api/v1/restore/`. */
  request(who: Who, path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
    const { json, headers, ...rest } = init;
    const body = json === undefined ? {} : { body: JSON.stringify(json), method: 'POST' };
    const type = json === undefined ? {} : { 'content-type': 'application/json' };
    return fetch(`${this.server.url}/api/v1/restore/${path}`, {
      ...rest,
      ...body,
      headers: { ...this.headers(who), ...type, ...(headers as Record<string, string>) },
    });
  }

  /** Opens the backup of a machine; its mount. */
  async mount(who: Who, machine: 'web' | 'db' = 'web'): Promise<string> {
    const reply = await this.request(who, 'mount', {
      json: { backup_id: this.backups[machine], mode: 'browse' },
    });
    const { mount_id: id } = (await reply.json()) as { mount_id: string };
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Makes a {@link FilesServer}. `limits`, `mounts`: those of a server. */
export async function startFilesServer({
  limits = {},
  mounts = {},
  fileMount,
  ...options
}: {
  readonly idleMs?: number;
  readonly limits?: { readonly stalledMs?: number; readonly archives?: number };
  readonly mounts?: ServerOptions['mounts'];
  readonly fileMount?: FileMount;
} = {}): Promise<FilesServer> {
  await using owned = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sendense-files-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  const disks: Disks = { readBytes: 0, fail: false };
  const plain = owned.use(await createLocalRepository({ path: join(folder, 'backups') }));
  const journal = createMemoryJournal();
  const engine = createEngine({ journal, services: systemServices(), fence: createTestFence() });
  const backups = { web: '', db: '' };
  const machines = { web: '', db: '' };
  for (const name of ['web', 'db'] as const) {
    const source = owned.use(createImageSource({ path: await makeImage(folder, name), format: 'raw', name }));
    for await (const { machine } of source.machines()) {
      const made = await engine.backup({ source, machine, repository: plain });
      backups[name] = made.pointId;
      machines[name] = made.machine;
    }
  }
  const files = owned.use(await createFileRestore(options));
  const stateDirectory = join(folder, 'state');
  await mkdir(stateDirectory);
  const tokens = await makeTokens(stateDirectory);
  const tenants = {
    web: { repositories: ['main'], machines: [machines.web] },
    db: { repositories: ['main'], machines: [machines.db] },
  };
  const repository = watched(plain, disks);
  const logged: LogRecord[] = [];
  const server = owned.use(
    await startServer(
      { stateDirectory, access: { tenants }, limits, mounts },
      {
        engine,
        journal,
        fileRestore: files,
        repositories: { names: ['main'], open: async () => repository },
        sources: { names: [], open: () => Promise.reject(new Error('there are no sources')) },
        log: (record) => void logged.push(record),
        ...(fileMount !== undefined && { fileMount }),
      },
    ),
  );
  const auditFile = join(stateDirectory, 'audit', 'audit.jsonl');
  return new FilesServer({ server, files, disks, backups, auditFile, logged }, tokens, owned.move());
}

async function makeTokens(stateDirectory: string): Promise<Record<Who, string>> {
  const store = new TokenStore(tokensDirectory(stateDirectory));
  const made = Object.entries(TENANT).map(async ([who, rights]) => {
    const { token } = await store.create({ ...rights, name: null, expiresAt: null });
    return [who, token] as const;
  });
  return Object.fromEntries(await Promise.all(made)) as Record<Who, string>;
}

/** An ext4 file system with what a machine has, and what a hostile one may have. */
async function makeImage(folder: string, name: string): Promise<string> {
  const tree = join(folder, name);
  await mkdir(join(tree, 'etc', 'deep'), { recursive: true });
  await writeFile(join(tree, 'etc', 'name'), name);
  await writeFile(join(tree, 'etc', 'passwd'), TEXT, { mode: 0o640 });
  await writeFile(join(tree, 'etc', 'deep', 'content'), CONTENT);
  await writeFile(join(tree, 'etc', HOSTILE_NAME), TEXT);
  await writeFile(Buffer.from(`${tree}/etc/m\xfcll`, 'latin1'), TEXT);
  await symlink('/etc/passwd', join(tree, 'etc', 'absolute'));
  await symlink('../../../../../../../../../../etc/passwd', join(tree, 'etc', 'climbing'));
  await symlink(join(tmpdir(), '.'), join(tree, 'etc', 'outside'));
  if (name === 'web') await writeFile(join(tree, 'large'), LARGE);
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const image = `${tree}.raw`;
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', 'extent,64bit', '-d', tree, image, '96M'], {
    env,
    stdio: 'pipe',
  });
  return image;
}

/** The repository, the disks of whose points count what is read of them, and fail when they are told to. */
function watched(repository: Repository, disks: Disks): Repository {
  const open: Repository['open'] = async (point, call) => {
    const reader = await repository.open(point, call);
    return {
      point: reader.point,
      artifacts: reader.artifacts,
      disks: reader.disks.map((disk) => ({ ...disk, reader: watchedDisk(disk.reader, disks) })),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  };
  return new Proxy(repository, {
    get(target, key) {
      if (key === 'open') return open;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function watchedDisk(inner: BlockReader, disks: Disks): BlockReader {
  return {
    sizeBytes: inner.sizeBytes,
    limits: inner.limits,
    async read(offset, into, call) {
      if (disks.fail) throw new SendenseError('CORRUPT', 'a block is damaged', { operation: 'read-blocks' });
      disks.readBytes += into.byteLength;
      await inner.read(offset, into, call);
    },
    extents: (range, call) => inner.extents(range, call),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
