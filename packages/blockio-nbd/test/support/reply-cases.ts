import {
  ChunkType,
  Command,
  encodeDataOffset,
  encodeError,
  encodeHole,
  encodeSimpleReply,
  encodeStatus,
  type HeaderStyle,
  type NbdRequest,
} from '@sendense/blockio-nbd/protocol';
import { seededBytes, seededInteger } from '@sendense/testkit';
import { replyChunk } from './reply-chunk.ts';

/** A server's side of the transmission, made by a seed: what is asked and an honest answer, as bytes. */
export type HonestReplies = {
  readonly requests: readonly NbdRequest[];
  readonly bytes: Uint8Array;
};

export const CONTEXTS = new Map([
  [7, 'base:allocation'],
  [9, 'qemu:dirty-bitmap:one'],
]);
export const DISK_BYTES = 1024 * 1024;
/** What the disk holds. */
export const DISK = seededBytes(7, DISK_BYTES).fill(0, 300_000, 500_000);

type Random = () => number;

/** A few requests and honest answers to them, mixed as the protocol allows. */
export function honestReplies(style: HeaderStyle, random: Random): HonestReplies {
  const count = 1 + seededInteger(random, 4);
  const requests = Array.from({ length: count }, (_, index) => someRequest(BigInt(index), style, random));
  const queues = requests.map((request) => messagesOf(request, style, random));
  const mixed: Uint8Array[] = [];
  while (queues.some((queue) => queue.length > 0)) {
    const next = queues[seededInteger(random, queues.length)]?.shift();
    if (next !== undefined) mixed.push(next);
  }
  return { requests, bytes: Buffer.concat(mixed) };
}

function someRequest(cookie: bigint, style: HeaderStyle, random: Random): NbdRequest {
  const plain = [Command.read, Command.read, Command.write, Command.flush, Command.writeZeroes];
  const commands: readonly number[] =
    style === 'simple' ? plain : [...plain, Command.blockStatus, Command.blockStatus];
  const command = commands[seededInteger(random, commands.length)] ?? Command.read;
  const offset = seededInteger(random, DISK_BYTES - 1);
  const most = Math.min(command === Command.read ? 5000 : DISK_BYTES, DISK_BYTES - offset);
  return { command, flags: 0, cookie, offset, length: 1 + seededInteger(random, most) };
}

/** The messages that answer a request, in order. */
function messagesOf(request: NbdRequest, style: HeaderStyle, random: Random): Uint8Array[] {
  const { command, cookie } = request;
  const fails = seededInteger(random, 8) === 0;
  if (style === 'simple') return [simpleAnswer(request, fails)];
  const chunks: (readonly [type: number, payload: Uint8Array])[] = [];
  if (command === Command.read) chunks.push(...readChunks(request, random));
  if (command === Command.blockStatus) chunks.push(...statusChunks(request, style, random));
  if (fails) chunks.push([ChunkType.error, encodeError({ errno: 5, message: 'bad sector' })]);
  const ends = chunks.length === 0 || seededInteger(random, 2) === 0;
  if (ends) chunks.push([ChunkType.none, new Uint8Array()]);
  const { offset } = request;
  return chunks.map(([type, payload], index) =>
    replyChunk(type, payload, { style, cookie, offset, done: index === chunks.length - 1 }),
  );
}

function simpleAnswer({ command, cookie, offset, length }: NbdRequest, fails: boolean): Uint8Array {
  const header = encodeSimpleReply({ cookie, errno: fails ? 28 : 0 });
  if (fails || command !== Command.read) return header;
  return Buffer.concat([header, DISK.subarray(offset, offset + length)]);
}

function readChunks(
  { offset, length }: NbdRequest,
  random: Random,
): (readonly [type: number, payload: Uint8Array])[] {
  const chunks: (readonly [number, Uint8Array])[] = [];
  for (let at = offset; at < offset + length; ) {
    const part = 1 + seededInteger(random, offset + length - at);
    const data = DISK.subarray(at, at + part);
    if (data.every((byte) => byte === 0)) chunks.push([ChunkType.offsetHole, encodeHole(at, part)]);
    else chunks.push([ChunkType.offsetData, Buffer.concat([encodeDataOffset(at), data])]);
    at += part;
  }
  return chunks.toSorted(() => random() - 0.5);
}

function statusChunks(
  { offset, length }: NbdRequest,
  style: HeaderStyle,
  random: Random,
): (readonly [type: number, payload: Uint8Array])[] {
  const wide = style === 'extended';
  return [...CONTEXTS.keys()].map((contextId) => {
    const descriptors = [];
    for (let left = length; left > 0 && descriptors.length < 5; ) {
      const part = 1 + seededInteger(random, left);
      const flags = seededInteger(random, 4);
      descriptors.push({ length: part, flags: wide ? BigInt(flags) : flags });
      left -= part;
    }
    const last = descriptors.at(-1);
    const told = descriptors.reduce((sum, run) => sum + run.length, 0);
    // the last run may go on behind the range
    if (last !== undefined && told === length)
      last.length += seededInteger(random, DISK_BYTES - offset - length + 1);
    const type = wide ? ChunkType.blockStatusExtended : ChunkType.blockStatus;
    return [type, encodeStatus({ contextId, descriptors }, wide)] as const;
  });
}
