import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Clock, PluginServices, Random } from './plugin-services.ts';

/** The clock of this machine. */
export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** The random numbers of this machine. */
export const systemRandom: Random = { uuid: () => randomUUID(), bytes: (length) => randomBytes(length) };

/** Services from this machine: no log sink, no secrets, no drivers unless `overrides` brings them. */
export function systemServices(overrides: Partial<PluginServices> = {}): PluginServices {
  return {
    clock: systemClock,
    random: systemRandom,
    log: () => undefined,
    secrets: { get: () => Promise.resolve(undefined) },
    drivers: [],
    temporaryDirectory: tmpdir(),
    ...overrides,
  };
}
