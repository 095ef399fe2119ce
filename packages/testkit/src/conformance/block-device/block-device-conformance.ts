import type { Runner } from '../case.ts';
import { blockReaderConformance } from './block-reader-conformance.ts';
import type { BlockReaderSubject } from './block-reader-subject.ts';
import { blockWriterConformance } from './block-writer-conformance.ts';
import type { BlockWriterSubject } from './block-writer-subject.ts';

/** A kind of disk with readers and writers. */
export type BlockDeviceSubject = {
  readonly name: string;
  readonly reader: Omit<BlockReaderSubject, 'name'>;
  readonly writer: Omit<BlockWriterSubject, 'name'>;
};

/** Registers the cases of the readers and the writers of one kind of disk. */
export function blockDeviceConformance(runner: Runner, { name, reader, writer }: BlockDeviceSubject): void {
  blockReaderConformance(runner, { name, ...reader });
  blockWriterConformance(runner, { name, ...writer });
}
