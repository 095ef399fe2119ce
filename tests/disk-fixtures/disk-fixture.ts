import type { DiskFormat } from '@sendense/core';
import type { DiskContent } from '@sendense/testkit';

/** A number or a text that a format defines: what a fuzz test may damage. */
export type FixtureField = {
  readonly file: string;
  /** The name that the specification has for it. */
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
};

/** Bytes with a checksum over them, which is taken as zero while it is computed. */
export type FixtureSeal = {
  readonly file: string;
  readonly at: number;
  readonly length: number;
  readonly checksumAt: number;
  readonly kind: 'crc32c' | 'ones-complement';
};

/**
 * The files of one virtual disk, written from the specification of its format by nobody who read or wrote our readers,
 * and what its guest must read. As a proof it is a `model`.
 */
export type DiskFixture = {
  readonly name: string;
  readonly format: DiskFormat;
  /** The file to open; the others are its parents and extents, beside it. */
  readonly image: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly content: DiskContent;
  /** Every field of the structures of `image` and its extents; empty entries of tables only now and then. */
  readonly fields: readonly FixtureField[];
  readonly seals: readonly FixtureSeal[];
};
