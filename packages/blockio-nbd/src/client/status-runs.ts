import { type ByteRange, type Call, SendenseError } from '@sendense/core';
import { Command, MAX_SHORT_LENGTH } from '../protocol/index.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { type ContextRun, jointRuns } from './joint-runs.ts';
import type { ContextNames, JointRun } from './nbd-export.ts';

/** What is asked of which contexts. */
export type StatusQuery = {
  readonly contexts: ContextNames;
  readonly range: ByteRange;
  readonly minBytes: number;
  readonly subject: string;
};

/**
 * Runs of contexts that cover a range exactly: as many requests, one after another, as the server needs to tell them.
 * The range may be off the grid of the server; more is asked for then, and cut.
 */
export async function* statusRuns(
  pool: ConnectionPool,
  query: StatusQuery,
  call?: Call,
): AsyncGenerator<JointRun, void, undefined> {
  const { range, minBytes } = query;
  const end = range.offset + range.length;
  const askedEnd = Math.min(pool.first.session.sizeBytes, Math.ceil(end / minBytes) * minBytes);
  for (let offset = range.offset - (range.offset % minBytes); offset < end; ) {
    const told = await ask(pool, query, { offset, length: askedEnd - offset }, call);
    for (const { length, flags } of jointRuns(told)) {
      const from = Math.max(offset, range.offset);
      const to = Math.min(offset + length, end);
      if (to > from) yield { offset: from, length: to - from, flags };
      offset += length;
    }
  }
}

/** A server answers for all contexts of the connection at once: those of the query, in its order. */
async function ask(
  pool: ConnectionPool,
  { contexts, minBytes, subject }: StatusQuery,
  { offset, length }: ByteRange,
  call: Call | undefined,
): Promise<readonly (readonly ContextRun[])[]> {
  const { session } = pool.first;
  const most = session.style === 'extended' ? length : MAX_SHORT_LENGTH - (MAX_SHORT_LENGTH % minBytes);
  const request = {
    command: Command.blockStatus,
    flags: 0,
    offset,
    length: Math.min(length, most),
    operation: 'read-block-status',
  };
  const told = await pool.request(request, 'at-once', call?.signal);
  return contexts.map((context) => {
    const runs = told.get(context);
    if (runs !== undefined) return runs;
    throw new SendenseError('NOT_FOUND', `${subject} did not grant context '${context}'`, {
      operation: 'read-block-status',
      context: { context, granted: session.contexts.map(({ name }) => name) },
      remedy: 'ask for the context when connecting, and check that the server has it',
    });
  });
}
