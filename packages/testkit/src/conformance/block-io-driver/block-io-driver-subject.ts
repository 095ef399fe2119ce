import { type BlockEndpoint, type BlockIoDriver, type BlockReader, guardDriver } from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import type { BlockReaderCapabilities } from '../block-device/block-reader-subject.ts';
import type { BlockWriterCapabilities } from '../block-device/block-writer-subject.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** A driver and endpoints for it. */
export type BlockIoDriverFixture = Partial<AsyncDisposable> & {
  readonly driver: BlockIoDriver;
  /** A new endpoint whose bytes are `content`. */
  readonly endpoint: (content: DiskContent) => Promise<BlockEndpoint>;
  /** An endpoint that the driver supports, of something that is not there. */
  readonly missing: BlockEndpoint;
  /** A reader over the bytes at an endpoint without the driver, or by it after it closed everything. */
  readonly stored: (endpoint: BlockEndpoint) => Promise<BlockReader>;
};

/** What a driver offers: the manifest that decides which cases run. */
export type BlockIoDriverCapabilities = {
  readonly transfer: boolean;
  readonly packsZeros: boolean;
  readonly chunker: boolean;
  readonly reader: BlockReaderCapabilities;
  readonly writer: BlockWriterCapabilities;
};

/** A driver to be tested. */
export type BlockIoDriverSubject = {
  readonly name: string;
  readonly capabilities: BlockIoDriverCapabilities;
  /** A fresh driver with endpoints of its own. */
  open(): Promise<BlockIoDriverFixture>;
};

/** What a driver case works with. The driver is guarded. */
export type BlockIoDriverContext = Omit<BlockIoDriverFixture, keyof AsyncDisposable> & {
  readonly capabilities: BlockIoDriverCapabilities;
};

/** Opens a driver of a subject. */
export async function openDriverContext(
  subject: BlockIoDriverSubject,
): Promise<OpenedContext<BlockIoDriverContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open());
  const context: BlockIoDriverContext = {
    ...fixture,
    capabilities: subject.capabilities,
    driver: guardDriver(fixture.driver),
    // the cases change their model; a fixture that keeps the content itself must not see that
    endpoint: (content) => fixture.endpoint(content.snapshot()),
  };
  return { context, close: () => cleanup.close() };
}
