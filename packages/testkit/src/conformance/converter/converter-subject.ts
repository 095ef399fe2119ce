import {
  type ConvertRequest,
  type DiskFormat,
  type FormatConverter,
  type FormatPair,
  guardConverter,
} from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** An empty folder and a converter of its files. */
export type ConverterFixture = Partial<AsyncDisposable> & {
  readonly converter: FormatConverter;
  /** Makes a disk file of a format by other means than the converter, and gives its path. */
  readonly make: (format: DiskFormat, content: DiskContent) => Promise<string>;
  /** A path in the folder at which nothing is yet. */
  readonly path: (name: string) => string;
  /** All bytes of the disk in a file, read by other means than the converter. */
  readonly read: (path: string, format: DiskFormat) => Promise<Uint8Array>;
  /** Every file in the folder with a digest, or the bytes, of what it holds. */
  readonly files: () => Promise<ReadonlyMap<string, string>>;
};

/** A kind of converter to be tested. */
export type ConverterSubject = {
  readonly name: string;
  /** The pairs that the converter declares. */
  readonly pairs: readonly FormatPair[];
  /** A fresh, empty folder. */
  open(): Promise<ConverterFixture>;
};

/** What a converter case works with, for one pair. The converter is guarded. */
export type ConverterContext = Omit<ConverterFixture, keyof AsyncDisposable> & { readonly pair: FormatPair };

/** Opens a folder of a subject for the conversions of one pair. */
export async function openConverterContext(
  subject: ConverterSubject,
  pair: FormatPair,
): Promise<OpenedContext<ConverterContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open());
  const context = { ...fixture, pair, converter: guardConverter(fixture.converter) };
  return { context, close: () => cleanup.close() };
}

/** Makes a source with `content` and asks for its conversion. */
export async function requestOf(
  { make, path, pair }: ConverterContext,
  content: DiskContent,
): Promise<ConvertRequest> {
  const { from, to, subformat } = pair;
  return {
    source: { path: await make(from, content), format: from },
    target: { path: path('target'), format: to, ...(subformat === undefined ? {} : { subformat }) },
    overwrite: false,
  };
}
