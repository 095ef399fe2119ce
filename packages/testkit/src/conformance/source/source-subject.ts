import {
  type DiskId,
  guardSource,
  type MachineRef,
  type SourceCapabilities,
  type SourceConnector,
} from '@sendense/core';
import type { BlockReaderCapabilities } from '../block-device/block-reader-subject.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** A machine with disks of zeros, and the hands of its guest and operator. */
export type SourceFixture = Partial<AsyncDisposable> & {
  readonly source: SourceConnector;
  readonly machine: MachineRef;
  /** The disks in the order of the sizes that were asked for. */
  readonly disks: readonly DiskId[];
  /** The guest writes to disk number `disk`; also while a capture is open. */
  readonly write: (disk: number, offset: number, data: Uint8Array) => Promise<void>;
  /** The operator resizes disk number `disk`. */
  readonly resize: (disk: number, sizeBytes: number) => Promise<void>;
  /** A new connector over the same platform, as after the process died. */
  readonly reopen: () => Promise<SourceConnector>;
  /** Names of everything that connectors made on the platform and left there; none where nothing is ever made. */
  readonly objects: () => Promise<readonly string[]>;
};

/** A kind of source to be tested. */
export type SourceSubject = {
  readonly name: string;
  /** The capabilities that the plugin declares. */
  readonly capabilities: SourceCapabilities;
  /** What the readers of its captures offer. */
  readonly reader: BlockReaderCapabilities;
  /** Whose objects `reconcile` is asked about. */
  readonly owner: string;
  /** Makes a machine with one disk of zeros for each size in bytes. */
  open(sizes: readonly number[]): Promise<SourceFixture>;
};

/** What a source case works with. All sources are guarded. */
export type SourceContext = Omit<SourceFixture, keyof AsyncDisposable> & {
  readonly capabilities: SourceCapabilities;
  readonly owner: string;
};

/** Sizes of the disks of the cases: whole sectors, no whole number of tracked pieces. */
export const DISK_SIZES = [1024 * 1024 + 3 * 512, 256 * 1024] as const;

/** Opens the machine of the cases. */
export async function openSourceContext(subject: SourceSubject): Promise<OpenedContext<SourceContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open(DISK_SIZES));
  const context: SourceContext = {
    ...fixture,
    capabilities: subject.capabilities,
    owner: subject.owner,
    source: cleanup.add(guardSource(fixture.source)),
    reopen: async () => cleanup.add(guardSource(await fixture.reopen())),
  };
  return { context, close: () => cleanup.close() };
}
