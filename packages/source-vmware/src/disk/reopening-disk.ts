import { type BlockReader, type Call, SendenseError } from '@sendense/core';

/** Opens the disk anew, as the server names its files now. */
export type OpenDisk = (call?: Call) => Promise<BlockReader>;

/**
 * A frozen disk whose files may be merged or moved under it: when another snapshot is removed, or the machine moves to another
 * datastore, its bytes stay and their files do not. A file that is gone makes it be opened again; when that does not help, the
 * instant is lost.
 */
export async function openReopeningDisk(open: OpenDisk, call?: Call): Promise<BlockReader> {
  let current = await open(call);
  let opening: Promise<void> | undefined;
  const retired: BlockReader[] = [];
  const reopen = (stale: BlockReader): Promise<void> => {
    if (current !== stale) return Promise.resolve();
    opening ??= open()
      .then((reader) => {
        retired.push(current);
        current = reader;
      })
      .finally(() => {
        opening = undefined;
      });
    return opening;
  };
  const { sizeBytes, limits } = current;
  let closed = false;
  return {
    sizeBytes,
    limits,
    async read(offset, into, inner) {
      if (closed) throw notOpen();
      const used = current;
      try {
        await used.read(offset, into, inner);
      } catch (error) {
        if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
        await reopen(used)
          .then(() => current.read(offset, into, inner))
          .catch(rethrow);
      }
    },
    async *extents(range, inner) {
      const used = current;
      let at = range.offset;
      try {
        for await (const extent of used.extents(range, inner)) {
          at = extent.offset + extent.length;
          yield extent;
        }
        return;
      } catch (error) {
        if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
      }
      try {
        await reopen(used);
        // from where the first answer ended
        yield* current.extents({ offset: at, length: range.offset + range.length - at }, inner);
      } catch (again) {
        rethrow(again);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.allSettled([...retired, current].map((reader) => reader[Symbol.asyncDispose]()));
    },
  };
}

/** What also the disk that was opened anew does not find is lost. */
function rethrow(again: unknown): never {
  throw SendenseError.is(again, 'NOT_FOUND') ? lost(again) : again;
}

function lost(cause: SendenseError): SendenseError {
  return new SendenseError('INSTANT_LOST', `the frozen disk is not there any more: ${cause.message}`, {
    operation: 'read-disk',
    context: cause.context,
    cause,
    remedy: 'repeat the backup, and keep other programs from the snapshots of backups',
  });
}

function notOpen(): SendenseError {
  return new SendenseError('NOT_OPEN', 'the frozen disk was closed', { operation: 'read-disk' });
}
