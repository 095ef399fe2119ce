import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { type ByteRange, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { FoundFile } from '@sendense/file-restore';
import type { FastifyReply } from 'fastify';
import { requestedRange } from './byte-range.ts';
import { contentDisposition } from './content-disposition.ts';
import { cutOffStalled } from './cut-off-stalled.ts';
import type { Mount } from './mounts.ts';

/** What is to be sent, and how. */
export type Download = {
  readonly path: string;
  readonly format: 'tar' | 'zip' | undefined;
  readonly signal: AbortSignal;
  readonly reply: FastifyReply;
  /** Begins an archive, or refuses it; `tell` takes what it leaves out. */
  readonly archive: (begin: (tell: (finding: Finding) => void) => Readable) => Readable;
};

/**
 * A file as it is, or a part of it, or an archive, as a stream that reads no further than the client does. When the client goes
 * away, or takes nothing for minutes, the reading ends; when the reading fails the connection is broken off, so that nobody takes what came for the whole.
 */
export async function download(mount: Mount, asked: Download): Promise<Readable> {
  const { path, format, signal, reply } = asked;
  const found = await mount.session.find(path, { signal });
  throwIfAborted(signal, 'download-file'); // the root of a volume may be found without a read, which would have noticed
  cutOffStalled(reply.raw);
  const { type } = found.stat;
  if (type !== 'file' && type !== 'directory') throw noContent(path, type);
  const name = posix.basename(posix.join('/', path)) || mount.session.point.id;
  if (type === 'file' && format === undefined) return sendFile(mount, found, { name, signal, reply });
  const kind = format ?? 'tar';
  const top = posix.join('/', path) === '/' ? '' : name;
  const stream = asked.archive((tell) => streamOf(mount.session[kind](found, top, tell, { signal }), signal));
  void reply.header('content-disposition', contentDisposition(`${name}.${kind}`));
  return stream;
}

/** Ends with `signal` also while the client takes nothing, when no read is under way that would notice. */
export function streamOf(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Readable {
  const stream = Readable.from(bytes);
  // an error that comes before the reply listens would end the process; the reply is told of it all the same
  stream.on('error', () => undefined);
  return addAbortSignal(signal, stream);
}

function sendFile(
  { session }: Mount,
  found: FoundFile,
  { name, signal, reply }: { readonly name: string } & Pick<Download, 'signal' | 'reply'>,
): Readable {
  const { sizeBytes } = found.stat;
  const tag = entityTag(session.point.id, found);
  void reply.header('content-disposition', contentDisposition(name));
  void reply.header('accept-ranges', 'bytes').header('etag', tag);
  const part = partOf(reply, tag, sizeBytes);
  const range = part ?? { offset: 0, length: sizeBytes };
  if (part !== undefined) {
    const last = range.offset + range.length - 1;
    void reply.status(206).header('content-range', `bytes ${range.offset}-${last}/${sizeBytes}`);
  }
  void reply.header('content-length', range.length);
  return streamOf(session.bytes(found, range, { signal }), signal);
}

/** The part that is asked for, unless it is one of another version of the file (`If-Range`). */
function partOf(reply: FastifyReply, tag: string, sizeBytes: number): ByteRange | undefined {
  const { range, 'if-range': version } = reply.request.headers;
  if (version !== undefined && version !== tag) return undefined;
  try {
    return requestedRange(range, sizeBytes);
  } catch (error) {
    void reply.header('content-range', `bytes */${sizeBytes}`);
    throw error;
  }
}

/** A recovery point never changes: its id and the place of the file in it stand for the content. */
function entityTag(pointId: string, { volume, stat }: FoundFile): string {
  const place = JSON.stringify([pointId, volume.id, stat.node, stat.sizeBytes]);
  return `"${createHash('sha256').update(place).digest('hex').slice(0, 32)}"`;
}

function noContent(path: string, type: string): SendenseError {
  return new SendenseError(
    'CONFIG_INVALID',
    `${JSON.stringify(path)} is a ${type}: it has no content to download`,
    { operation: 'download-file', remedy: 'download the folder that it lies in: archives keep such entries' },
  );
}
