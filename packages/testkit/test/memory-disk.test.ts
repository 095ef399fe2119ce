import { describe, it } from 'vitest';
import { blockDeviceConformance, createMemoryDisk, openMemoryReader } from '../src/index.ts';

for (const order of ['random', 'ascending'] as const) {
  const limits = { order, alignmentBytes: 4096, maxBytes: 65_536 };
  blockDeviceConformance(
    { describe, it },
    {
      name: `memory disk, ${order}`,
      reader: {
        capabilities: { order, locate: false, digests: true },
        open: async (content) => openMemoryReader(content, { limits, digestPieceBytes: 65_536 }),
      },
      writer: {
        capabilities: {
          order,
          rewritable: true,
          untouched: 'base',
          durable: false,
          endpoint: false,
          copyFrom: false,
        },
        async open(sizeBytes, content) {
          const disk = createMemoryDisk({ sizeBytes, content, limits });
          return { writer: disk.openWriter(), stored: async () => openMemoryReader(disk.content) };
        },
      },
    },
  );
}
