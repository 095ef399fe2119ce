import type { Finding } from '@sendense/core';
import type { FileStatus } from '@sendense/plugin-kit/files';
import type { ImageInfo } from '../image-info.ts';
import { SECTOR_BYTES } from './constants.ts';
import type { VmdkHead } from './read-head.ts';

/** What opening the extents told. */
export type ExtentFacts = {
  /** Bytes of a grain of the first sparse extent. */
  readonly grainBytes: number | null;
  readonly unclean: boolean;
  readonly warnings: readonly string[];
};

/** What the header alone tells, of an image whose extents were not opened. */
export function factsOfHead({ header }: VmdkHead): ExtentFacts {
  return {
    grainBytes: header === undefined ? null : header.grainSectors * SECTOR_BYTES,
    unclean: header?.unclean ?? false,
    warnings: [],
  };
}

/** What is known of an image; `statuses`: of its descriptor and of the extents that were opened. */
export function vmdkInfo(
  { descriptor }: VmdkHead,
  statuses: readonly FileStatus[],
  facts: ExtentFacts,
): ImageInfo {
  const sectors = descriptor.extents.reduce((sum, extent) => sum + extent.sectors, 0);
  const sum = (of: (status: FileStatus) => number) => statuses.reduce((all, status) => all + of(status), 0);
  return {
    format: 'vmdk',
    subformat: descriptor.createType,
    virtualSizeBytes: sectors * SECTOR_BYTES,
    fileSizeBytes: sum(({ sizeBytes }) => sizeBytes),
    allocatedBytes: sum(({ allocatedBytes }) => allocatedBytes),
    clusterBytes: facts.grainBytes,
    backing: descriptor.parent?.hint ?? null,
    dirty: facts.unclean,
    warnings: warningsOf(facts),
  };
}

function warningsOf({ unclean, warnings }: ExtentFacts): Finding[] {
  const dirty: Finding = {
    severity: 'warning',
    code: 'image-dirty',
    message: 'the image was not closed cleanly: the last writes to it may be missing',
  };
  const others = warnings.map((message): Finding => ({ severity: 'warning', code: 'vmdk-damage', message }));
  return unclean ? [dirty, ...others] : others;
}
