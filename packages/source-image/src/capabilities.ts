import type { ProofLevel, SourceCapabilities } from '@sendense/core';
import { GRANULARITY_BYTES } from '@sendense/platform-image';
import type { CheckedOptions } from './options.ts';
import { MAX_BASELINES } from './why-no-baseline.ts';

type Offered = Omit<SourceCapabilities, 'proof'>;

/** What the source offers under `options`: images that cannot hold a bitmap, or may not get one, are not tracked. */
export function capabilitiesOf({ track, format }: CheckedOptions): SourceCapabilities {
  const tracking = track === 'auto' && (format === undefined || format === 'qcow2');
  const offered: Offered = {
    tracking,
    oneInstant: true,
    consistency: ['crash'],
    order: 'random',
    baselinesPerMachine: tracking ? MAX_BASELINES : 0,
    granularityBytes: GRANULARITY_BYTES,
    reportsZeros: format !== 'raw',
    poweredOff: true,
    adoptsCapture: true,
  };
  // Each is shown in test/ with images that qemu-img made and qemu-io or a killed QEMU wrote to.
  const real: ProofLevel = 'real';
  const proof: Record<keyof Offered, ProofLevel> = {
    tracking: real,
    oneInstant: real,
    consistency: real,
    order: real,
    baselinesPerMachine: real,
    granularityBytes: real,
    reportsZeros: real,
    poweredOff: real,
    adoptsCapture: real,
  };
  return { ...offered, proof };
}
