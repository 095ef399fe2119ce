import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type MachineRef, type SourceConnector, systemServices } from '@sendense/core';
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

/** An image at rest is its own snapshot for as long as nobody writes to it. */
async function imageWorld(content: Uint8Array): Promise<InterruptedWorld> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sendense-interrupted-'));
  const file = path.join(folder, 'disk.raw');
  await writeFile(file, content);
  const opened: SourceConnector[] = [];
  return {
    machine: { connection: 'image', id: file },
    open() {
      const source = createImageSource({ path: file, format: 'raw' }, { imageLocks: async () => undefined });
      opened.push(source);
      return source;
    },
    async write(offset, bytes) {
      await using handle = await open(file, 'r+');
      await handle.write(bytes, 0, bytes.byteLength, offset);
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
