import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { createFileDriver } from '@sendense/blockio-file';
import { type NbdServerOptions, startNbdServer } from '@sendense/blockio-nbd/server';
import { Closer, orClose } from '@sendense/plugin-kit';
import { needProgram } from '../../src/programs/find-program.ts';
import { startStorageDaemon } from '../../src/programs/storage-daemon.ts';
import { type MountRecord, sessionPaths, writeRecord } from '../../src/session/mount-record.ts';

/** No process has this id: Linux counts to 4194304. */
const DEAD = `${hostname()}:4194305:1`;

/** A mount on its way: its record, of a process that is dead, and its disk as a file. Nothing is mounted yet. */
export type Served = AsyncDisposable & { readonly record: MountRecord; readonly file: string };

/** Shows a disk as a file, as a mount in `directory` does. */
export async function serveDisk(
  directory: string,
  disk: string,
  options: NbdServerOptions = {},
): Promise<Served> {
  const record = recordOf(directory, '0123456789ab');
  const { folder, socket, pidFile, volumes, files } = sessionPaths(directory, record.id);
  for (const path of [volumes, files]) await mkdir(path, { recursive: true });
  const file = record.volumes[0]?.file ?? folder;
  await writeFile(file, '');
  await writeRecord(directory, record);
  const closer = new Closer();
  return orClose(closer, async () => {
    const server = closer.add(await startNbdServer({ ...options, address: { kind: 'unix', path: socket } }));
    const reader = await createFileDriver().openReader({ kind: 'file', path: disk });
    server.addExport('v0', { reader });
    const program = await needProgram('qemu-storage-daemon', 'qemu-system-common');
    closer.add(await startStorageDaemon({ program, socket, pidFile, shown: [{ name: 'v0', file }] }));
    return { record, file, [Symbol.asyncDispose]: () => closer[Symbol.asyncDispose]() };
  });
}

function recordOf(directory: string, id: string): MountRecord {
  const { files, volumes } = sessionPaths(directory, id);
  return {
    version: 1,
    id,
    point: 'point',
    keeper: DEAD,
    dedicated: true,
    path: files,
    made: [files],
    volumes: [{ id: 'disk-0', fileSystem: 'ext4', driver: 'kernel', file: `${volumes}/v0`, target: files }],
  };
}
