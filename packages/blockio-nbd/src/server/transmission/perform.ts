import { isZeroBytes } from '@sendense/core';
import { Command, CommandFlag, NbdErrno, type NbdRequest } from '../../protocol/index.ts';
import { blockStatus } from './block-status.ts';
import { codeOf, errnoOf } from './errno-of.ts';
import { failed, type Reply } from './reply.ts';
import type { Session } from './session.ts';

/** How much is read ahead at once for a client that asks for it. */
export const CACHE_STEP_BYTES = 1024 * 1024;

const DONE: Reply = { kind: 'done' };

/** Does a request that was found to be allowed. A failure of the disk becomes a reply, and a line in the log. */
export async function perform(session: Session, request: NbdRequest, payload: Uint8Array): Promise<Reply> {
  try {
    return await run(session, request, payload);
  } catch (error) {
    const { entry, log, stream } = session;
    const message = error instanceof Error ? error.message : String(error);
    if (!stream.gone.aborted) {
      const { command, offset, length } = request;
      log({
        level: 'warn',
        message: `request failed: ${message}`,
        fields: { code: codeOf(error), export: entry.name, command, offset, length },
      });
    }
    // The text of an error may name paths of this machine; it stays in the log.
    return failed(errnoOf(error), 'the disk of the export failed; see the log of the server');
  }
}

async function run(session: Session, request: NbdRequest, payload: Uint8Array): Promise<Reply> {
  const { entry, stream, contexts } = session;
  const { command, offset, length } = request;
  const call = { signal: stream.gone };
  switch (command) {
    case Command.read:
      return read(session, request);
    case Command.write:
      await entry.write(offset, payload);
      return settle(session, request);
    case Command.writeZeroes:
      if ((request.flags & CommandFlag.noHole) !== 0) await entry.fill(offset, length, call);
      else await entry.zero(offset, length, call);
      return settle(session, request);
    case Command.trim:
      await entry.zero(offset, length, call);
      return settle(session, request);
    case Command.flush:
      if (!entry.readOnly) await entry.flush();
      return DONE;
    case Command.cache:
      await cache(session, request);
      return DONE;
    case Command.blockStatus:
      return { kind: 'status', chunks: await blockStatus(contexts, request, call) };
    default:
      return failed(NbdErrno.EINVAL, 'the server does not know this request');
  }
}

async function read({ entry, stream }: Session, { offset, length }: NbdRequest): Promise<Reply> {
  const data = new Uint8Array(length);
  await entry.read(offset, data, { signal: stream.gone });
  return { kind: 'data', data, allZero: isZeroBytes(data) };
}

/** Makes a change durable where the client asked for that. */
async function settle({ entry }: Session, { flags }: NbdRequest): Promise<Reply> {
  if ((flags & CommandFlag.fua) !== 0) await entry.flush();
  return DONE;
}

async function cache({ entry, stream }: Session, { offset, length }: NbdRequest): Promise<void> {
  const buffer = new Uint8Array(Math.min(CACHE_STEP_BYTES, length));
  for (let at = 0; at < length && !stream.gone.aborted; at += CACHE_STEP_BYTES) {
    await entry.read(offset + at, buffer.subarray(0, length - at), { signal: stream.gone });
  }
}
