import { blockDeviceConformance, blockWriterConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { qcow2Subject, rawSubject } from './image-subjects.ts';

blockDeviceConformance({ describe, it }, rawSubject);
blockDeviceConformance({ describe, it }, qcow2Subject('qcow2', { clusterBytes: 4096 }, false));
blockDeviceConformance({ describe, it }, qcow2Subject('qcow2 on a base', { clusterBytes: 512 }, true));
const zlib = qcow2Subject('qcow2, zlib', { clusterBytes: 4096, compression: 'zlib' }, true);
blockWriterConformance({ describe, it }, { name: zlib.name, ...zlib.writer });
