import { type BlockReader, guardReader } from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

import { sampleContent } from './block-access.ts';

/** What a reader offers: the manifest that decides which cases run. */
export type BlockReaderCapabilities = {
  readonly order: 'random' | 'ascending';
  readonly locate: boolean;
  readonly digests: boolean;
};

/** A kind of reader to be tested. */
export type BlockReaderSubject = {
  readonly name: string;
  readonly capabilities: BlockReaderCapabilities;
  /** Opens a reader over a new disk that holds `content`; what it gives is disposed after the case. */
  open(
    content: DiskContent,
  ): Promise<BlockReader | (Partial<AsyncDisposable> & { readonly reader: BlockReader })>;
};

/** What a reader case works with. */
export type BlockReaderContext = {
  readonly capabilities: BlockReaderCapabilities;
  /** What the disk of `reader` holds. */
  readonly content: DiskContent;
  readonly reader: BlockReader;
};

/** Opens the sample disk of a subject. */
export async function openReaderContext(
  subject: BlockReaderSubject,
): Promise<OpenedContext<BlockReaderContext>> {
  const cleanup = new Cleanup();
  const content = sampleContent();
  const opened = cleanup.add(await subject.open(content.snapshot()));
  const raw = 'reader' in opened ? opened.reader : opened;
  const reader = cleanup.add(guardReader(raw));
  return { context: { capabilities: subject.capabilities, content, reader }, close: () => cleanup.close() };
}
