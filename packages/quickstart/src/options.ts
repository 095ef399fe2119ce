import { homedir } from 'node:os';
import { join } from 'node:path';
import type { PluginServices } from '@sendense/core';
import { z } from 'zod';
import type { AskPassphrase } from './names/passphrase.ts';
import type { AskVmwareAccount } from './names/vmware-account.ts';

/** Options of {@link openSendense} that are plain values. */
export const sendenseOptionsSchema = z.strictObject({
  /** Where the catalog is kept, readable by its owner only. Two programs may share it. */
  stateDirectory: z.string().min(1).max(4096).optional(),
  /** Whether native code moves the bytes; what `SENDENSE_NATIVE` says when not given. */
  native: z.enum(['auto', 'require', 'off']).optional(),
  /**
   * Remember in the state directory what was seen of object repositories, and refuse a store that was put back to an earlier state.
   * Default `false`.
   */
  trustedHeads: z.boolean().optional(),
  /** Relative paths of sources, repositories and targets start here. */
  workingDirectory: z.string().min(1).max(4096).optional(),
});

/**
 * See {@link sendenseOptionsSchema}; `services` brings a log sink, a clock, block-IO drivers; `passphrase` those of object
 * repositories (default: `SENDENSE_PASSPHRASE`); `vmwareAccount` the users of vCenter and ESXi (default: `SENDENSE_VMWARE_…`).
 */
export type SendenseOptions = z.input<typeof sendenseOptionsSchema> & {
  readonly services?: Partial<PluginServices>;
  readonly passphrase?: AskPassphrase;
  readonly vmwareAccount?: AskVmwareAccount;
};

/** `~/.local/state/sendense`: where the command line keeps its catalog too. */
export function defaultStateDirectory(): string {
  return join(homedir(), '.local', 'state', 'sendense');
}
