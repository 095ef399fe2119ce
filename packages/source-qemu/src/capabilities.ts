import type { ProofLevel, SourceCapabilities } from '@sendense/core';
import type { CheckedOptions } from './options.ts';
import { GRANULARITY_BYTES } from './qmp/freeze.ts';

type Offered = Omit<SourceCapabilities, 'proof'>;

/** What the source offers under `options`. */
export function capabilitiesOf(options: CheckedOptions): SourceCapabilities {
  const { track, maxBaselines } = options;
  const tracking = track === 'auto';
  const offered: Offered = {
    tracking,
    oneInstant: true,
    consistency: 'libvirt' in options ? ['filesystem', 'crash'] : ['crash'],
    order: 'random',
    baselinesPerMachine: tracking ? maxBaselines : 0,
    granularityBytes: GRANULARITY_BYTES,
    reportsZeros: true,
    poweredOff: 'libvirt' in options,
    adoptsCapture: true,
  };
  // Each is shown in test/ with a QEMU that runs.
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
