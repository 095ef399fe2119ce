import type { TargetContext } from './context.ts';
import { driverFor } from './driver-for.ts';

/** Size of the block device at `path` in bytes. */
export async function deviceBytes(context: TargetContext, path: string): Promise<number> {
  const endpoint = { kind: 'device', path } as const;
  await using reader = await driverFor(context, endpoint, 'read').openReader(endpoint);
  return reader.sizeBytes;
}
