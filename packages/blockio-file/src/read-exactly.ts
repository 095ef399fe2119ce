import { SendenseError } from '@sendense/core';
import type { OpenEndpoint } from './open-endpoint.ts';

/** Fills `into` from `offset`. A file that became shorter meanwhile is `INSTANT_LOST`: its bytes are not those opened. */
export async function readExactly(from: OpenEndpoint, into: Uint8Array, offset: number): Promise<void> {
  const count = await from.handle.read(into, offset);
  if (count === into.byteLength) return;
  throw new SendenseError('INSTANT_LOST', `${from.endpoint.path} became shorter while it was read`, {
    operation: 'read-blocks',
    context: { path: from.endpoint.path, offset, length: into.byteLength },
    remedy: 'make sure that nothing writes to it, then repeat',
  });
}
