import { type BlockReader, type Call, type Finding, SendenseError } from '@sendense/core';

/** How bytes of disks come here. */
export const TRANSPORTS = ['datastore', 'host', 'lease', 'vddk'] as const;
/** One of {@link TRANSPORTS}. */
export type Transport = (typeof TRANSPORTS)[number];

/** A way that may be gone. */
export type Way = {
  readonly transport: Transport;
  readonly open: (call?: Call) => Promise<BlockReader>;
};

/** A disk that was opened, by which way, and why not by those before it. */
export type OpenedWay = {
  readonly transport: Transport;
  readonly reader: BlockReader;
  readonly refused: readonly { readonly transport: Transport; readonly error: SendenseError }[];
};

/** What another way may help against. Damage, a lost instant and a cancelled call are the same by every way. */
const OTHER_WAY = new Set<SendenseError['code']>([
  'UNSUPPORTED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'AUTHENTICATION_FAILED',
  'UNTRUSTED_PEER',
  'CONNECTION_LOST',
  'TIMEOUT',
  'CONFIG_INVALID',
]);

/** Opens a disk by the first of `ways` that can be gone. Rejects with the error of the last one tried. */
export async function openByWays(ways: readonly Way[], call?: Call): Promise<OpenedWay> {
  const refused: OpenedWay['refused'][number][] = [];
  for (const { transport, open } of ways) {
    try {
      return { transport, reader: await open(call), refused };
    } catch (error) {
      if (!SendenseError.is(error) || !OTHER_WAY.has(error.code) || refused.length + 1 === ways.length)
        throw error;
      refused.push({ transport, error });
    }
  }
  throw new SendenseError('UNSUPPORTED', 'the disk can be read in no way', { operation: 'open-disk' });
}

/** What each way is, for people. */
const NAMES: Readonly<Record<Transport, string>> = {
  datastore: 'ranges of its files from the server',
  host: 'ranges of its files from its host, by tickets',
  lease: 'an export lease, which sends the whole disk',
  vddk: 'VDDK in nbdkit',
};

/** Tells by which way a disk is read, and why not by another. A way that was to be gone and could not is a warning. */
export function transportFindings(
  disk: Finding['disk'] & string,
  { transport, refused }: OpenedWay,
): readonly Finding[] {
  const used: Finding = {
    severity: 'info',
    code: 'transport',
    message: `${disk}: read by ${NAMES[transport]} (${transport})`,
    disk,
  };
  const others = refused.map(
    ({ transport: other, error }): Finding => ({
      severity: error.code === 'UNSUPPORTED' ? 'info' : 'warning',
      code: 'transport-refused',
      message: `${disk}: not read by ${NAMES[other]} (${other}): ${error.message}`,
      disk,
    }),
  );
  return [used, ...others];
}
