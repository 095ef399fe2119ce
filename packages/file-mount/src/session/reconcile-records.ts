import { type Finding, SendenseError } from '@sendense/core';
import { isKept, type MountRecord, readRecord, sessionIds, unreadableRecord } from './mount-record.ts';
import { removeRests } from './remove-rests.ts';
import { removeUnrecorded } from './remove-unrecorded.ts';

/** What was done about the mounts of processes that died. */
export type ReconciledRecords = {
  /** Ids of mounts that are gone now. */
  readonly removed: readonly string[];
  readonly findings: readonly Finding[];
  /** A program or a disk of one that stays did not answer: trying again takes as long. */
  readonly isStuck: boolean;
};

/** Those that go on, by the real path of the folder of all mounts. */
const goingOn = new Map<string, Promise<ReconciledRecords>>();

/**
 * Takes away what mounts of a folder left whose process was killed. It may take minutes; whoever asks for it meanwhile waits for the same:
 * two would be at one record. What cannot be taken away is told.
 */
export function reconcileRecords(place: string): Promise<ReconciledRecords> {
  const known = goingOn.get(place);
  if (known !== undefined) return known;
  const going = reconcileAll(place).finally(() => goingOn.delete(place));
  goingOn.set(place, going);
  return going;
}

async function reconcileAll(place: string): Promise<ReconciledRecords> {
  await removeUnrecorded(place);
  const removed: string[] = [];
  const [unreadable, findings]: [Finding[], Finding[]] = [[], []];
  let isStuck = false;
  for (const id of await sessionIds(place)) {
    const record = await recordNow(place, id, unreadable);
    if (record === undefined || isKept(record)) continue;
    try {
      findings.push(...(await removeRests(place, record)), removedRests(record));
      removed.push(id);
    } catch (error) {
      if (!SendenseError.is(error)) throw error;
      findings.push(notRemoved(record, error));
      isStuck ||= error.code === 'TIMEOUT';
    }
  }
  return { removed, findings: [...unreadable, ...findings], isStuck };
}

/** Read when its turn comes: meanwhile somebody else may have taken the mount away, and made another one at its path. */
async function recordNow(place: string, id: string, findings: Finding[]): Promise<MountRecord | undefined> {
  try {
    return await readRecord(place, id);
  } catch (error) {
    if (!SendenseError.is(error)) throw error;
    findings.push(unreadableRecord(id, error));
    return undefined;
  }
}

function removedRests({ id, path }: MountRecord): Finding {
  const message = `the mount ${id} at ${path} was left by a process that died; it is gone now`;
  return { severity: 'info', code: 'mount-removed', message, object: id };
}

function notRemoved({ id, path }: MountRecord, { message, remedy }: SendenseError): Finding {
  const todo = remedy === undefined ? '' : `: ${remedy}`;
  return {
    severity: 'warning',
    code: 'mount-not-removed',
    message: `the mount ${id} at ${path} was left by a process that died, and stays: ${message}${todo}`,
    object: id,
  };
}
