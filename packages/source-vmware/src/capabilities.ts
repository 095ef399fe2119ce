import type { ProofLevel, SourceCapabilities } from '@sendense/core';
import type { CheckedOptions } from './options.ts';

type Offered = Omit<SourceCapabilities, 'proof'>;

/** Change ids cost nothing to keep: no number of them is too many. */
const UNLIMITED_BASELINES = 1_000_000;

/** The least that vSphere tracks; of large disks it is more. */
const GRANULARITY_BYTES = 64 * 1024;

/** What the source offers under `options`. */
export function capabilitiesOf({ track, areasInUse, transport }: CheckedOptions): SourceCapabilities {
  const tracking = track !== 'off';
  const offered: Offered = {
    tracking,
    oneInstant: true,
    consistency: ['filesystem', 'crash'],
    // of `auto` and `host` a disk that is read by a lease says so itself
    order: transport === 'lease' ? 'ascending' : 'random',
    baselinesPerMachine: tracking ? UNLIMITED_BASELINES : 0,
    granularityBytes: GRANULARITY_BYTES,
    reportsZeros: (areasInUse === 'thin' && tracking) || transport === 'lease',
    poweredOff: true,
    adoptsCapture: true,
  };
  // No vCenter or ESXi was at hand: the bytes and change ids of the test vCenter are our own extension of the simulator.
  const model: ProofLevel = 'model';
  const proof: Record<keyof Offered, ProofLevel> = {
    tracking: model,
    oneInstant: model,
    consistency: model,
    order: model,
    baselinesPerMachine: model,
    granularityBytes: model,
    reportsZeros: model,
    poweredOff: model,
    adoptsCapture: model,
  };
  return { ...offered, proof };
}
