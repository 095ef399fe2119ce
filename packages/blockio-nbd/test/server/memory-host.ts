import { startNbdServer } from '@sendense/blockio-nbd/server';

// A server in a process of its own, whose memory can be measured: `memory-host.ts SOCKET LIMITS`. Its disk reads at once
// and never finishes a write. Answers each message with what was asked of the disk and how far its memory has grown.
const [path = '', limits = '{}'] = process.argv.slice(2);
const begun = { reads: 0, writes: 0 };
const shape = {
  sizeBytes: 2 ** 40,
  limits: { alignmentBytes: 1, maxBytes: 2 ** 25, maxInFlight: 1000, order: 'random' as const },
  [Symbol.asyncDispose]: async () => undefined,
};
const reader = {
  ...shape,
  async read(_offset: number, into: Uint8Array) {
    begun.reads += 1;
    into.fill(7);
  },
  async *extents(range: { offset: number; length: number }) {
    yield { ...range, kind: 'data' as const };
  },
};
const writer = {
  ...shape,
  rewritable: true,
  untouched: 'unknown' as const,
  write() {
    begun.writes += 1;
    return new Promise<void>(() => undefined);
  },
  zero: async () => undefined,
  flush: async () => undefined,
};

const server = await startNbdServer({ address: { kind: 'unix', path }, limits: JSON.parse(limits) });
server.addExport('disk', { reader, writer });
const peakBytes = () => process.resourceUsage().maxRSS * 1024;
const atStart = peakBytes();
process.on('message', () => process.send?.({ ...begun, grownBytes: peakBytes() - atStart }));
process.send?.('ready');
