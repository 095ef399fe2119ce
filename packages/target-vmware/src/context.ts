import type { Call, LogSink, PluginServices } from '@sendense/core';
import type { VimClient } from '@sendense/platform-vmware';
import type { Timer } from '@sendense/plugin-kit';
import type { CheckedOptions } from './options.ts';

/** What every step of one target shares. */
export type TargetContext = {
  readonly options: CheckedOptions;
  readonly clock: PluginServices['clock'];
  readonly random: PluginServices['random'];
  readonly log: LogSink | undefined;
  readonly timer: Timer;
  /** Id of this installation; `undefined` where the options give it no folder. */
  readonly installation: () => Promise<string | undefined>;
  /** The session, opened by the first call. */
  readonly connect: (call?: Call) => Promise<VimClient>;
};
