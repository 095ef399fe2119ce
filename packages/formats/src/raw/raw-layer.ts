import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import type { DataFile, Layer } from '../chain/layer.ts';
import type { Run } from '../chain/run.ts';

/** A raw file or block device as a layer: every byte is data. */
export class RawLayer implements Layer {
  readonly sizeBytes: number;
  readonly data: DataFile;

  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.data = { path, handle, unitBytes: 1 };
  }

  runAt(offset: number, end: number): Run {
    return { kind: 'data', start: offset, end, hostOffset: offset };
  }

  async decompress(): Promise<Uint8Array> {
    throw new SendenseError('UNEXPECTED', 'raw images have no compressed clusters', {
      operation: 'read-image',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.data.handle[Symbol.asyncDispose]();
  }
}
