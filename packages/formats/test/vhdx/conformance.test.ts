import { type CreateVhdxOptions, createVhdx, openVhdx } from '@sendense/formats/vhdx';
import { blockDeviceConformance, blockWriterConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { blockImageSubject } from '../block-image-subject.ts';

function subject(name: string, options: Omit<CreateVhdxOptions, 'sizeBytes'>) {
  return blockImageSubject({
    name: `vhdx, ${name}`,
    isRaw: false,
    create: (path, sizeBytes) => createVhdx(path, { ...options, sizeBytes }),
    open: (path) => openVhdx(path),
  });
}

const fixed = subject('fixed', { subformat: 'fixed', blockBytes: 1024 * 1024 });
// Its size is rounded up to whole sectors: the reader's cases want the very size they gave.
const large = subject('sectors of 4096 bytes', { logicalSectorBytes: 4096 });

blockDeviceConformance({ describe, it }, subject('dynamic', { blockBytes: 1024 * 1024 }));
blockWriterConformance({ describe, it }, { name: fixed.name, ...fixed.writer });
blockWriterConformance({ describe, it }, { name: large.name, ...large.writer });
