import { randomInt } from 'node:crypto';
import { NO_PARENT, SECTOR_BYTES } from './constants.ts';
import { type ExtentLine, serializeExtentLine } from './extent-line.ts';

/** What a new descriptor says. */
export type NewDescriptor = {
  readonly createType: string;
  /** Eight hexadecimal digits. */
  readonly contentId: string;
  readonly adapterType: string;
  readonly sizeBytes: number;
  readonly extents: readonly ExtentLine[];
};

/** What the BIOS of VMware shows of a SCSI disk, and of an IDE disk. */
const GEOMETRY = {
  scsi: { heads: 255, sectors: 63, mostCylinders: 65_535 },
  ide: { heads: 16, sectors: 63, mostCylinders: 16_383 },
} as const;
/** Virtual hardware of ESX 4: the oldest that imports disks as they are made today. */
const HARDWARE_VERSION = 7;

/** The text of a descriptor, in UTF-8. */
export function writeDescriptor(descriptor: NewDescriptor): Uint8Array {
  const { createType, contentId, adapterType, sizeBytes, extents } = descriptor;
  const { heads, sectors, mostCylinders } = adapterType === 'ide' ? GEOMETRY.ide : GEOMETRY.scsi;
  const cylinders = Math.min(
    Math.max(1, Math.floor(sizeBytes / SECTOR_BYTES / heads / sectors)),
    mostCylinders,
  );
  const text = `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=${contentId}
parentCID=${NO_PARENT}
createType="${createType}"

# Extent description
${extents.map(serializeExtentLine).join('\n')}

# The Disk Data Base
#DDB

ddb.adapterType = "${adapterType}"
ddb.geometry.cylinders = "${cylinders}"
ddb.geometry.heads = "${heads}"
ddb.geometry.sectors = "${sectors}"
ddb.virtualHWVersion = "${HARDWARE_VERSION}"
`;
  return new TextEncoder().encode(text);
}

/** A content id for new content; the last two values have meanings of their own. */
export function newContentId(): string {
  return randomInt(0xffff_fffe).toString(16).padStart(8, '0');
}
