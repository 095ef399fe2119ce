import { createVhd, openVhd } from '@sendense/formats/vhd';
import { blockDeviceConformance, blockWriterConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { blockImageSubject } from '../block-image-subject.ts';

const open = (path: string) => openVhd(path);
const dynamic = blockImageSubject({
  name: 'vhd, dynamic',
  isRaw: false,
  create: (path, sizeBytes) => createVhd(path, { sizeBytes, blockBytes: 512 * 1024 }),
  open,
});
const fixed = blockImageSubject({
  name: 'vhd, fixed',
  isRaw: true,
  create: (path, sizeBytes) => createVhd(path, { sizeBytes, subformat: 'fixed' }),
  open,
});

blockDeviceConformance({ describe, it }, dynamic);
// Its size is rounded up to whole MiB: the reader's cases want the very size they gave.
blockWriterConformance({ describe, it }, { name: fixed.name, ...fixed.writer });
