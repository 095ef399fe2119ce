import {
  diskId,
  type MachineSpec,
  type RestorePlan,
  type RestoreRequest,
  type RestoreRun,
  type RestoreState,
  type RestoreWriter,
  SendenseError,
  type TargetConnector,
} from '@sendense/core';

const MIB = 2 ** 20;

/** What is written at once: a grain. */
export const PIECE = 65_536;

/** A request for a machine with these disks. */
export function requestOf(disks: readonly Uint8Array[], given: Partial<MachineSpec> = {}): RestoreRequest {
  const asked = disks.map(({ byteLength }, number) => ({
    id: diskId(`disk-${number}`),
    number,
    slot: { bus: 'scsi' as const, controller: 0, unit: number },
    sizeBytes: byteLength,
    sectorBytes: 512 as const,
  }));
  return {
    spec: {
      schema: 1,
      name: 'old',
      platform: 'vmware',
      firmware: 'bios',
      architecture: 'x86_64',
      cpu: { sockets: 1, coresPerSocket: 2, threadsPerCore: 1 },
      memoryBytes: 64 * MIB,
      guest: { family: 'linux' },
      disks: asked.map(({ number: _number, ...disk }) => disk),
      nics: [],
      ...given,
    },
    disks: asked,
    into: 'new-machine',
    overwrite: false,
    start: false,
    options: {},
  };
}

/** The plan of a request that must be compatible. */
export async function planOf(target: TargetConnector, request: RestoreRequest): Promise<RestorePlan> {
  const { plan, findings } = await target.check(request);
  if (plan === null) throw new Error(JSON.stringify(findings));
  return plan;
}

/** A run that remembers its saves; `cutAt` is the save at which the process dies. */
export type TestRun = RestoreRun & { readonly saved: RestoreState[] };

/** Makes a run that goes on from `earlier`. */
export function runOf(earlier?: TestRun, cutAt = Number.POSITIVE_INFINITY): TestRun {
  const saved: RestoreState[] = [];
  const resume = earlier?.saved.at(-1);
  return {
    fence: { holder: 'test', token: 1, check: async () => undefined },
    saved,
    async save(state) {
      if (saved.length >= cutAt)
        throw new SendenseError('UNEXPECTED', 'the process died', { operation: 'save' });
      saved.push(structuredClone(state));
    },
    ...(resume === undefined ? {} : { resume }),
  };
}

/** Writes the disks that are not durable yet; `between` is called before each piece. Resolves with the bytes that were written. */
export async function send(
  writer: RestoreWriter,
  disks: readonly Uint8Array[],
  between: (disk: number, offset: number) => Promise<void> = async () => undefined,
): Promise<number> {
  let sent = 0;
  for (const [number, bytes] of disks.entries()) {
    const disk = writer.disks.get(diskId(`disk-${number}`));
    if (disk === undefined) throw new Error(`there is no disk ${number}`);
    let durable = 0;
    for await (const { length } of disk.durable?.() ?? []) durable += length;
    if (durable > 0) continue;
    for (let at = 0; at < bytes.byteLength; at += PIECE) {
      await between(number, at);
      await disk.write(at, bytes.subarray(at, at + PIECE));
      sent += PIECE;
    }
    await disk.flush();
  }
  return sent;
}
