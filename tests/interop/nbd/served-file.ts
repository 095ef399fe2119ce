import { join } from 'node:path';
import { startNbdServer } from '@sendense/blockio-nbd/server';
import type { SocketAddress } from '@sendense/core';
import { startNbdkit, startQemuNbd } from '@sendense/tests/nbd';
import { openFileExport } from './file-export.ts';

/** A server of one raw file; disposing stops it. */
export type ServedFile = AsyncDisposable & { readonly address: SocketAddress };

/** Serves the raw file `disk.raw` of a folder, where its socket lies too. */
export type ServeFile = (folder: string) => Promise<ServedFile>;

const diskOf = (folder: string) => join(folder, 'disk.raw');

/** By our server. */
export const serveByOurs: ServeFile = async (folder) => {
  const disk = await openFileExport(diskOf(folder));
  const server = await startNbdServer({ address: { kind: 'unix', path: join(folder, 'ours.sock') } });
  server.addExport('', disk);
  return {
    address: server.address,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await disk[Symbol.asyncDispose]();
    },
  };
};

/** By `qemu-nbd`, the machine's own or one with extended headers. */
export function serveByQemu(recent: boolean): ServeFile {
  return (folder) =>
    startQemuNbd({ image: diskOf(folder), format: 'raw', socket: join(folder, 'qemu.sock'), recent });
}

/** By `nbdkit`. */
export const serveByNbdkit: ServeFile = (folder) =>
  startNbdkit({ plugin: 'file', args: [diskOf(folder)], socket: join(folder, 'nbdkit.sock') });

/** By our server behind `nbdkit nbd`. */
export const serveByNbdkitBeforeOurs: ServeFile = async (folder) => {
  const ours = await serveByOurs(folder);
  try {
    const proxy = await startNbdkitProxy(ours.address, folder);
    return {
      address: proxy.address,
      [Symbol.asyncDispose]: async () => {
        await proxy[Symbol.asyncDispose]();
        await ours[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await ours[Symbol.asyncDispose]();
    throw error;
  }
};

/** Filters of a proxy, outermost first, and their arguments. */
export type ProxyFilters = { readonly filters?: readonly string[]; readonly args?: readonly string[] };

/** Starts `nbdkit nbd` before another server. */
export function startNbdkitProxy(
  at: SocketAddress,
  folder: string,
  { filters = [], args = [] }: ProxyFilters = {},
): Promise<ServedFile> {
  const socket = join(folder, 'proxy.sock');
  const target = at.kind === 'unix' ? [`socket=${at.path}`] : [`hostname=${at.host}`, `port=${at.port}`];
  return startNbdkit({ plugin: 'nbd', args: [...target, 'export=', ...args], filters, socket });
}
