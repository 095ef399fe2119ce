import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { amendError, type BlockReader, type Call, type NbdEndpoint, SendenseError } from '@sendense/core';
import type { ManagedObject, VimDisk } from '@sendense/platform-vmware';
import type { Connection, SourceContext } from '../context.ts';
import { type NbdkitProcess, startNbdkit } from './nbdkit-process.ts';
import { vddkArguments } from './vddk-arguments.ts';

/** A disk of a snapshot. */
export type SnapshotDisk = {
  readonly machine: ManagedObject;
  readonly snapshot: ManagedObject;
  readonly disk: VimDisk;
};

/**
 * Opens a disk by VDDK, which the user has brought: nbdkit serves it on a socket of its own, ends with the reader, and leaves nothing
 * behind. Rejects with `UNSUPPORTED` without nbdkit or a driver for NBD, `CONFIG_INVALID` when nbdkit refuses, and as the driver does.
 */
export async function openVddkDisk(
  { options, services, timer }: Pick<SourceContext, 'options' | 'services' | 'timer'>,
  { vim, password }: Connection,
  { machine, snapshot, disk }: SnapshotDisk,
  call?: Call,
): Promise<BlockReader> {
  const folder = await mkdtemp(join(services.temporaryDirectory, 'sendense-vddk-'));
  const files = { socket: join(folder, 'nbd'), pid: join(folder, 'pid') };
  const endpoint: NbdEndpoint = { kind: 'nbd', address: { kind: 'unix', path: files.socket }, export: '' };
  let nbdkit: NbdkitProcess | undefined;
  const close = async (): Promise<void> => {
    await nbdkit?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const driver = services.drivers.find((found) => found.supports(endpoint, 'read'));
    if (driver === undefined) throw noDriver();
    const { host } = vim;
    const served = {
      host,
      user: options.user,
      machine: machine.id,
      snapshot: snapshot.id,
      fileName: disk.fileName ?? '',
    };
    const args = vddkArguments(options, served, files);
    const { nbdkit: program = 'nbdkit', libdir = '' } = options.vddk ?? {};
    const libraries = join(libdir, 'lib64');
    nbdkit = await startNbdkit({ program, args, password, libraries, pidFile: files.pid, timer }, call);
    const reader = await driver.openReader(endpoint, call);
    if (reader.sizeBytes === disk.sizeBytes) return closedWith(reader, close);
    await reader[Symbol.asyncDispose]();
    throw otherSize(disk, reader.sizeBytes);
  } catch (error) {
    await close();
    const said = vim.redact(nbdkit?.said() ?? '');
    throw SendenseError.is(error) && said !== '' ? amendError(error, { context: { nbdkit: said } }) : error;
  }
}

/** A reader of the driver that ends nbdkit with it. */
function closedWith(reader: BlockReader, close: () => Promise<void>): BlockReader {
  const { sizeBytes, limits } = reader;
  return {
    sizeBytes,
    limits,
    read: (offset, into, call) => reader.read(offset, into, call),
    // the plugin calls zeros what the server says was never in use: that is not trusted but read
    async *extents(range) {
      yield { ...range, kind: 'data' };
    },
    async [Symbol.asyncDispose]() {
      try {
        await reader[Symbol.asyncDispose]();
      } finally {
        await close();
      }
    },
  };
}

function noDriver(): SendenseError {
  return new SendenseError('UNSUPPORTED', 'there is no driver for NBD, by which nbdkit gives its disks', {
    operation: 'open-vddk',
    remedy: 'give the source a driver: createNbdDriver() of @sendense/blockio-nbd',
  });
}

function otherSize({ label, sizeBytes }: VimDisk, served: number): SendenseError {
  return new SendenseError('CORRUPT', `"${label}" has ${sizeBytes} bytes, and VDDK serves ${served}`, {
    operation: 'open-vddk',
    context: { sizeBytes, served },
  });
}
