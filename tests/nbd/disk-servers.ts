import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NbdServerProcess } from './nbd-server-process.ts';
import { startNbdkit } from './nbdkit.ts';
import { qemuImg } from './oracles.ts';
import { startQemuNbd } from './qemu-nbd.ts';

/** What a disk holds; testkit's `DiskContent` is one. */
type Content = { readonly bytes: () => Uint8Array };

/** A server with one disk, whose endpoint has the shape of core's; disposing stops it. */
export type DiskServer = AsyncDisposable & {
  readonly endpoint: {
    readonly kind: 'nbd';
    readonly address: NbdServerProcess['address'];
    readonly export: string;
  };
};

async function inFolder(start: (folder: string) => Promise<NbdServerProcess>): Promise<DiskServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
  const remove = () => rm(folder, { recursive: true });
  try {
    const server = await start(folder);
    return {
      endpoint: { kind: 'nbd', address: server.address, export: '' },
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A disk served by `qemu-nbd` from an image of this format. */
export function serveByQemu(
  format: 'raw' | 'qcow2',
  recent: boolean,
): (content: Content) => Promise<DiskServer> {
  return (content) =>
    inFolder(async (folder) => {
      const raw = join(folder, 'disk.raw');
      await writeFile(raw, content.bytes());
      const image = format === 'raw' ? raw : join(folder, 'disk.qcow2');
      if (format === 'qcow2') await qemuImg(['convert', '-f', 'raw', '-O', 'qcow2', raw, image]);
      return startQemuNbd({ image, format, socket: join(folder, 'socket'), recent });
    });
}

/** A disk served by `nbdkit`, through filters and with flags. */
export function serveByNbdkit(
  more: Pick<Parameters<typeof startNbdkit>[0], 'filters' | 'flags' | 'args'> = {},
): (content: Content) => Promise<DiskServer> {
  return (content) =>
    inFolder(async (folder) => {
      const raw = join(folder, 'disk.raw');
      await writeFile(raw, content.bytes());
      const args = [raw, ...(more.args ?? [])];
      return startNbdkit({ ...more, plugin: 'file', args, socket: join(folder, 'socket') });
    });
}
