import { basename } from 'node:path';
import { type MachineRef, type MachineSpec, SendenseError } from '@sendense/core';
import { sectorBytesOf } from '@sendense/formats';
import type { FoundImages } from './find-images.ts';
import type { OpenedDisk } from './opened-disk.ts';
import type { CheckedOptions } from './options.ts';

/** The connection of every machine that is image files. */
const CONNECTION = 'image';

/** The one machine of a source: named by its id, its folder, or its first image. */
export function machineOf(options: CheckedOptions, { folder, paths }: FoundImages): MachineRef {
  return { connection: CONNECTION, id: options.machineId ?? folder ?? paths[0] ?? '' };
}

/** Rejects with `NOT_FOUND` unless `asked` is the machine of this source. */
export function checkMachine(asked: MachineRef, machine: MachineRef): void {
  if (asked.connection === machine.connection && asked.id === machine.id) return;
  throw new SendenseError('NOT_FOUND', `this source holds ${machine.id}, not ${asked.id}`, {
    operation: 'find-machine',
    remedy: 'open a source for that image',
  });
}

/** Name of the machine for people. */
export function machineName(options: CheckedOptions, { folder, paths }: FoundImages): string {
  return (options.name ?? basename(folder ?? paths[0] ?? '').slice(0, 1024)) || 'image';
}

/** The machine model of images: their disks, and nothing else is known. */
export function machineSpecOf(name: string, disks: readonly OpenedDisk[]): MachineSpec {
  return {
    schema: 1,
    name,
    platform: 'image',
    firmware: 'unknown',
    architecture: 'unknown',
    disks: disks.map(({ id, path, slot, image }) => ({
      id,
      label: basename(path).slice(0, 1024),
      slot,
      sizeBytes: image.sizeBytes,
      sectorBytes: sectorBytesOf(image),
    })),
    nics: [],
  };
}
