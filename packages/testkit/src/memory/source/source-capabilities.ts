import type { SourceCapabilities } from '@sendense/core';

/** What the memory source offers. */
export const memorySourceCapabilities: SourceCapabilities = {
  tracking: true,
  oneInstant: true,
  consistency: ['application', 'filesystem', 'crash'],
  order: 'random',
  baselinesPerMachine: 16,
  granularityBytes: 64 * 1024,
  reportsZeros: true,
  poweredOff: true,
  adoptsCapture: true,
  proof: {
    tracking: 'real',
    oneInstant: 'real',
    consistency: 'real',
    order: 'real',
    baselinesPerMachine: 'real',
    granularityBytes: 'real',
    reportsZeros: 'real',
    poweredOff: 'real',
    adoptsCapture: 'real',
  },
};
