import { type BlockReader, type BlockWriter, guardReader, guardWriter } from '@sendense/core';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';
import { DISK_BYTES, readRange, sampleContent } from './block-access.ts';

/** What a writer offers: the manifest that decides which cases run. */
export type BlockWriterCapabilities = {
  readonly order: 'random' | 'ascending';
  readonly rewritable: boolean;
  readonly untouched: BlockWriter['untouched'];
  readonly durable: boolean;
  readonly endpoint: boolean;
  readonly copyFrom: boolean;
};

/** A new destination with its writer. */
export type WriterFixture = Partial<AsyncDisposable> & {
  readonly writer: BlockWriter;
  /** A reader over the storage itself: what a `flush` made durable, as after a restart. */
  readonly stored: () => Promise<BlockReader>;
  /** The writer of a later attempt on the same destination; needed where `durable` is offered. */
  readonly resume?: () => Promise<BlockWriter>;
};

/** A kind of writer to be tested. */
export type BlockWriterSubject = {
  readonly name: string;
  readonly capabilities: BlockWriterCapabilities;
  /** Opens a writer over a new destination of `sizeBytes`; where `untouched` is `base`, it stands on `base`. */
  open(sizeBytes: number, base: DiskContent): Promise<WriterFixture>;
};

/** What a writer case works with. */
export type BlockWriterContext = {
  readonly capabilities: BlockWriterCapabilities;
  readonly writer: BlockWriter;
  /** What the destination must hold: cases write here what they write there. */
  readonly model: DiskContent;
  /** What the destination holds: what was flushed is there. */
  readonly stored: () => Promise<Uint8Array>;
  readonly resume: () => Promise<BlockWriter>;
};

/** Opens a destination of a subject. */
export async function openWriterContext(
  subject: BlockWriterSubject,
): Promise<OpenedContext<BlockWriterContext>> {
  const cleanup = new Cleanup();
  const { capabilities } = subject;
  const base = capabilities.untouched === 'base' ? sampleContent() : new DiskContent(DISK_BYTES);
  const fixture = cleanup.add(await subject.open(DISK_BYTES, base.snapshot()));
  const context: BlockWriterContext = {
    capabilities,
    writer: cleanup.add(guardWriter(fixture.writer)),
    model: base.snapshot(),
    async stored() {
      const reader = guardReader(await fixture.stored());
      try {
        return (await readRange(reader)).subarray(0, DISK_BYTES);
      } finally {
        await reader[Symbol.asyncDispose]();
      }
    },
    async resume() {
      if (fixture.resume === undefined) throw new TypeError('the subject offers `durable` but no `resume`');
      return cleanup.add(guardWriter(await fixture.resume()));
    },
  };
  return { context, close: () => cleanup.close() };
}
