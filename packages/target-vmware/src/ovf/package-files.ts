import { createHash } from 'node:crypto';
import type { PlannedDisk } from '@sendense/core';
import { type EnvelopeDisk, serializeEnvelope } from './envelope.ts';
import { serializeManifest } from './manifest.ts';
import type { PackageScope } from './package-context.ts';
import { diskFileName } from './package-place.ts';

/** A small file of a package, in memory. */
export type SmallFile = { readonly name: string; readonly bytes: Uint8Array };

type Described = EnvelopeDisk & { readonly sha256: string; readonly offset: number };

/** The descriptor and the manifest. */
export type PackageFiles = { readonly ovf: SmallFile; readonly mf: SmallFile };

type Design = Pick<PackageScope, 'design' | 'place'>;

/** The descriptor, filled up with line ends to `roomBytes`, and the manifest of it and the disks. */
function filesOf({ design, place }: Design, disks: readonly Described[], roomBytes: number): PackageFiles {
  const ovf = Buffer.from(serializeEnvelope(design, disks));
  // white space behind the root element is part of no element
  const bytes = Buffer.concat([ovf, Buffer.alloc(Math.max(0, roomBytes - ovf.byteLength), '\n')]);
  const name = `${place.base}.ovf`;
  const own = { name, sha256: createHash('sha256').update(bytes).digest('hex') };
  const manifest = serializeManifest([
    own,
    ...disks.map(({ fileName, sha256 }) => ({ name: fileName, sha256 })),
  ]);
  return { ovf: { name, bytes }, mf: { name: `${place.base}.mf`, bytes: Buffer.from(manifest) } };
}

/** Descriptor and manifest of a package whose disks are all whole; the descriptor has `roomBytes` at least. */
export function packageFiles(scope: PackageScope, roomBytes = 0): PackageFiles {
  const { plan, memory, place } = scope;
  const disks = plan.disks.flatMap((planned, index): Described[] => {
    const whole = memory.disk(planned.id);
    return whole === undefined
      ? []
      : [
          {
            ...diskOf(planned, index, diskFileName(place, planned.number)),
            ...whole,
            fileBytes: whole.sizeBytes,
          },
        ];
  });
  return filesOf(
    scope,
    disks.toSorted((a, b) => a.offset - b.offset),
    roomBytes,
  );
}

/** Bytes that descriptor and manifest take at most, known before a disk is written. */
export function roomOf({ design, plan, place }: Design & Pick<PackageScope, 'plan'>): {
  readonly ovfBytes: number;
  readonly mfBytes: number;
} {
  const most = { fileBytes: Number.MAX_SAFE_INTEGER, populatedBytes: Number.MAX_SAFE_INTEGER };
  const disks = plan.disks.map((planned, index) => ({
    ...diskOf(planned, index, diskFileName(place, planned.number)),
    ...most,
    sha256: '0'.repeat(64),
    offset: 0,
  }));
  const { ovf, mf } = filesOf({ design, place }, disks, 0);
  return { ovfBytes: ovf.bytes.byteLength, mfBytes: mf.bytes.byteLength };
}

function diskOf(
  { targetSizeBytes }: PlannedDisk,
  index: number,
  fileName: string,
): Pick<EnvelopeDisk, 'index' | 'fileName' | 'capacityBytes'> {
  return { index, fileName, capacityBytes: targetSizeBytes };
}
