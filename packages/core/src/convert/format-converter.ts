import type { Call } from '../values/call.ts';
import type { Duration } from '../values/duration.ts';
import type { Finding } from '../values/finding.ts';

/** Disk file formats. */
export type DiskFormat = 'raw' | 'qcow2' | 'vmdk' | 'vhd' | 'vhdx';

/** A conversion that is offered. */
export type FormatPair = { readonly from: DiskFormat; readonly to: DiskFormat; readonly subformat?: string };

/** A file to convert to another. */
export type ConvertRequest = {
  readonly source: { readonly path: string; readonly format?: DiskFormat };
  readonly target: { readonly path: string; readonly format: DiskFormat; readonly subformat?: string };
  readonly overwrite: boolean;
};

/** What a conversion made. */
export type ConvertResult = {
  readonly format: DiskFormat;
  readonly subformat: string | null;
  readonly virtualSizeBytes: number;
  readonly fileSizeBytes: number;
  readonly findings: readonly Finding[];
};

/** Converts disk files between formats. */
export interface FormatConverter {
  readonly specificationVersion: 'v1';
  readonly pairs: readonly FormatPair[];
  /**
   * Converts a file.
   *
   * Requires: the pair is in `pairs`.
   * Must: leave no partial target under its final name; reject with `ALREADY_EXISTS` unless `overwrite`; leave the source
   * as it is; give a target that reads the same.
   */
  convert(request: ConvertRequest, call?: Call): Promise<ConvertResult>;
  /** Requires: the pair is in `pairs`. Must: change nothing; answer without reading the whole source. */
  estimateTime(request: ConvertRequest, call?: Call): Promise<Duration>;
  /**
   * Upper bound in bytes of what the target file will take.
   *
   * Requires: the pair is in `pairs`.
   * Must: change nothing; never be below what `convert` then takes.
   */
  requiredSpace(request: ConvertRequest, call?: Call): Promise<number>;
}
