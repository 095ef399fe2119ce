import type { BlockReader, BlockWriter } from '@sendense/core';
import { overlay } from '../../overlay.ts';

/** A call on a reader or writer, before it happens. */
export type BlockOperation = {
  readonly kind: 'read' | 'write' | 'zero' | 'flush';
  readonly offset: number;
  readonly length: number;
};

/** The error to fail a call with, or `undefined` to let it happen. `ordinal` numbers the calls from 1. */
export type BlockFault = (operation: BlockOperation, ordinal: number) => Error | undefined;

/** A reader whose chosen reads fail. What is not a read goes through. */
export function readerWithFaults(inner: BlockReader, fault: BlockFault): BlockReader {
  const check = numbered(fault);
  return overlay(inner, {
    async read(offset, into, call) {
      check({ kind: 'read', offset, length: into.byteLength });
      await inner.read(offset, into, call);
    },
  });
}

/** A writer whose chosen calls fail, before anything of them is written. */
export function writerWithFaults(inner: BlockWriter, fault: BlockFault): BlockWriter {
  const check = numbered(fault);
  return overlay(inner, {
    async write(offset, data, call) {
      check({ kind: 'write', offset, length: data.byteLength });
      await inner.write(offset, data, call);
    },
    async zero(offset, length, call) {
      check({ kind: 'zero', offset, length });
      await inner.zero(offset, length, call);
    },
    async flush(call) {
      check({ kind: 'flush', offset: 0, length: 0 });
      await inner.flush(call);
    },
  });
}

function numbered(fault: BlockFault): (operation: BlockOperation) => void {
  let ordinal = 0;
  return (operation) => {
    ordinal += 1;
    const error = fault(operation, ordinal);
    if (error !== undefined) throw error;
  };
}
