import { mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type MachineRef, type SourceConnector, systemServices } from '@sendense/core';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import { createImageSource } from '@sendense/source-image';
import { createMemorySource, MemoryHypervisor } from '@sendense/testkit';

/** A machine with one disk, and sources that see it: what outlives a process. */
export interface InterruptedWorld extends AsyncDisposable {
  readonly machine: MachineRef;
  /** A source for one process; it closes with the world. */
  open(): SourceConnector;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  bytes(): Promise<Uint8Array>;
  /** What the platform still holds of a capture that died goes; the images of a folder stay where they are. */
  crash(): void;
}

/** A snapshot of the platform stays when a process dies, and is adopted. */
async function memoryWorld(content: Uint8Array): Promise<InterruptedWorld> {
  const hypervisor = new MemoryHypervisor();
  const machine = hypervisor.addMachine({ name: 'vm', disks: [content.byteLength] });
  machine.disk().write(0, content);
  return {
    machine: machine.ref,
    open: () => createMemorySource({ hypervisor, services: systemServices() }),
    write: async (offset, bytes) => machine.disk().write(offset, bytes),
    bytes: async () => machine.disk().freeze().bytes(),
    crash: () => hypervisor.crashHost(machine.ref),
    async [Symbol.asyncDispose]() {},
  };
}

/** Images at rest, which somebody may replace without a word. */
export interface ImageWorld extends InterruptedWorld {
  /** Another image gets the name as soon as the next process has opened the one that is there. */
  replaceOnceOpened(content: Uint8Array): Promise<void>;
}

/** An image at rest is its own snapshot for as long as nobody writes to it. */
export async function imageWorld(content: Uint8Array): Promise<ImageWorld> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sendense-interrupted-'));
  const file = path.join(folder, 'disk.raw');
  await writeFile(file, content);
  const next = path.join(folder, 'next');
  const opened: SourceConnector[] = [];
  let isReplacing = false;
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    async open(name, mode) {
      const handle = await nodeFileSystem.open(name, mode);
      if (!isReplacing) return handle;
      isReplacing = false;
      await rename(next, file);
      // As quiet as an image that tells its bytes by its times.
      await delay(100);
      return handle;
    },
  };
  return {
    machine: { connection: 'image', id: file },
    open() {
      const options = { path: file, format: 'raw', track: 'off' } as const;
      const source = createImageSource(options, { fileSystem, imageLocks: async () => undefined });
      opened.push(source);
      return source;
    },
    async write(offset, bytes) {
      await using handle = await open(file, 'r+');
      await handle.write(bytes, 0, bytes.byteLength, offset);
    },
    async replaceOnceOpened(other) {
      await writeFile(next, other);
      isReplacing = true;
    },
    bytes: () => readFile(file),
    crash: () => undefined,
    async [Symbol.asyncDispose]() {
      for (const source of opened) await source[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** What a backup can go on with, and how a process may have ended for that: one that fails takes its snapshots away. */
export const worlds = [
  { name: 'a snapshot that outlives the process', create: memoryWorld, ends: ['dies'] },
  { name: 'an image at rest', create: imageWorld, ends: ['dies', 'fails'] },
] as const;
