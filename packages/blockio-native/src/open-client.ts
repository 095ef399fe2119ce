import { abortedError, type Call, type NbdEndpoint, throwIfAborted } from '@sendense/core';
import type { Addon, ClientHost, Fallible, NativeClient } from './addon.ts';
import { mapFailure } from './map-error.ts';
import { toNativeExport } from './nbd-address.ts';
import type { CheckedOptions } from './options.ts';

/** An open export, and what it was opened as. */
export type OpenClient = {
  readonly addon: Addon;
  readonly client: NativeClient;
  readonly endpoint: NbdEndpoint;
  readonly options: CheckedOptions;
};

/**
 * Connects to an export. Rejects with `NOT_FOUND`, `PERMISSION_DENIED`, `UNTRUSTED_PEER`, `AUTHENTICATION_FAILED`,
 * `CONNECTION_LOST`, `TIMEOUT` or `PROTOCOL_VIOLATION` by cause, and soon after an abort with `ABORTED`.
 */
export async function openClient(
  addon: Addon,
  host: ClientHost,
  endpoint: NbdEndpoint,
  options: CheckedOptions,
  call?: Call,
): Promise<OpenClient> {
  const native = await toNativeExport(endpoint, options);
  throwIfAborted(call?.signal, 'connect-nbd');
  const control = new addon.TransferControl();
  const cancel = (): void => control.cancel();
  call?.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const { client, failure } = await host.open(native, options.connections, control);
    const failed = { operation: 'connect-nbd', endpoint, signal: call?.signal };
    if (failure !== undefined) throw mapFailure(failure, failed);
    if (client === undefined) throw new TypeError('the addon gave neither a client nor a failure');
    if (call?.signal?.aborted === true) {
      client.close();
      throw abortedError('connect-nbd', call.signal);
    }
    return { addon, client, endpoint, options };
  } finally {
    call?.signal?.removeEventListener('abort', cancel);
  }
}

/** Waits for a call that only looks; after an abort no longer than that. */
export async function untilAborted<T extends Fallible>(
  { addon, endpoint }: OpenClient,
  operation: string,
  signal: AbortSignal | undefined,
  run: (control: InstanceType<Addon['TransferControl']>) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal, operation);
  const control = new addon.TransferControl();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    control.cancel();
    aborted.reject(abortedError(operation, signal));
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const result = await Promise.race([run(control), aborted.promise]);
    if (result.failure === undefined) return result;
    throw mapFailure(result.failure, { operation, endpoint, signal });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
