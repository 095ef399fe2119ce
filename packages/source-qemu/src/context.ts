import type { LogSink, PluginServices } from '@sendense/core';
import type { MachineHost } from './host/machine-host.ts';
import type { CheckedOptions } from './options.ts';

/** What every step of one source shares. */
export type SourceContext = {
  readonly options: CheckedOptions;
  readonly host: MachineHost;
  readonly clock: PluginServices['clock'];
  readonly random: PluginServices['random'];
  readonly log: LogSink | undefined;
};
