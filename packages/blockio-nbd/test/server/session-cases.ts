import { seededInteger } from '@sendense/testkit';
import {
  Command,
  CommandFlag,
  encodeClientFlags,
  encodeGo,
  encodeMetaContextQuery,
  encodeOption,
  encodeRequest,
  HandshakeFlag,
  type HeaderStyle,
  InfoType,
  OptionCode,
} from '../../src/protocol/index.ts';

/** What a client says, message by message; the first `entering` of them lead into the export. */
export type Session = { readonly messages: readonly Uint8Array[]; readonly entering: number };

/** Numbers in [0, 1). */
export type Random = () => number;

const EXPORTS = ['', 'disk', 'blocks', 'nowhere'];
const CONTEXTS = ['base:allocation', 'x:odd', 'x:', 'qemu:dirty-bitmap:none'];

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[seededInteger(random, items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

function noise(random: Random, length: number): Uint8Array {
  return new Uint8Array(length).map(() => seededInteger(random, 256));
}

/** A session that a well-behaved client could have with the exports `''`, `disk` and `blocks`. */
export function makeSession(random: Random, sizeBytes: number): Session {
  const style = pick<HeaderStyle>(random, ['simple', 'structured', 'extended']);
  const name = pick(random, EXPORTS.slice(0, 3));
  const messages = [encodeClientFlags(HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes)];
  for (let at = seededInteger(random, 3); at > 0; at--) messages.push(anyOption(random));
  if (style === 'structured') messages.push(encodeOption(OptionCode.structuredReply));
  if (style === 'extended') messages.push(encodeOption(OptionCode.extendedHeaders));
  if (style !== 'simple') messages.push(encodeOption(OptionCode.setMetaContext, query(name, CONTEXTS)));
  messages.push(encodeOption(OptionCode.go, encodeGo({ exportName: name, infos: [InfoType.blockSize] })));
  const entering = messages.length;
  for (let at = 1 + seededInteger(random, 8); at > 0; at--)
    messages.push(anyRequest(random, style, sizeBytes));
  return { messages, entering };
}

function query(exportName: string, queries: readonly string[]): Uint8Array {
  return encodeMetaContextQuery({ exportName, queries });
}

function anyOption(random: Random): Uint8Array {
  const name = pick(random, EXPORTS);
  return pick(random, [
    () => encodeOption(OptionCode.list),
    () => encodeOption(OptionCode.info, encodeGo({ exportName: name, infos: [InfoType.name, 9] })),
    () => encodeOption(OptionCode.startTls),
    () => encodeOption(OptionCode.listMetaContext, query(name, [])),
    () => encodeOption(OptionCode.setMetaContext, query(name, [pick(random, CONTEXTS)])),
    () => encodeOption(seededInteger(random, 40), noise(random, seededInteger(random, 60))),
  ])();
}

function anyRequest(random: Random, style: HeaderStyle, sizeBytes: number): Uint8Array {
  const command = pick(random, [0, 0, 1, 1, 3, 4, 5, 6, 7, 7]);
  const block = 512;
  const offset = seededInteger(random, sizeBytes / block) * block;
  const length = Math.min(sizeBytes - offset, (1 + seededInteger(random, 12)) * block);
  const payloadFlag = style === 'extended' && command === Command.write ? CommandFlag.payloadLength : 0;
  const flags = payloadFlag | (random() < 0.1 ? 1 << seededInteger(random, 6) : 0);
  const cookie = BigInt(seededInteger(random, 2 ** 32));
  const header = encodeRequest({ flags, command, cookie, offset, length }, style);
  return command === Command.write
    ? Buffer.concat([header, Buffer.alloc(length, seededInteger(random, 256))])
    : header;
}

const EXTREMES = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

type Damage = (bytes: Buffer, random: Random) => Uint8Array;

const DAMAGES: readonly Damage[] = [
  (bytes, random) => {
    for (let at = 1 + seededInteger(random, 4); at > 0; at--) {
      bytes[seededInteger(random, bytes.byteLength)] = seededInteger(random, 256);
    }
    return bytes;
  },
  (bytes, random) => {
    if (bytes.byteLength >= 4) {
      bytes.writeUInt32BE(pick(random, EXTREMES), seededInteger(random, Math.min(32, bytes.byteLength) - 3));
    }
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, seededInteger(random, bytes.byteLength)),
  (bytes, random) => Buffer.concat([bytes, noise(random, seededInteger(random, 100))]),
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes, random) => noise(random, bytes.byteLength),
];

/** The bytes of a session in which some messages were damaged; more often those after the export was entered. */
export function damage({ messages, entering }: Session, random: Random): Uint8Array {
  const damaged = [...messages];
  for (let count = 1 + seededInteger(random, 2); count > 0; count--) {
    const early = random() < 0.15;
    const at = early
      ? seededInteger(random, entering)
      : entering + seededInteger(random, damaged.length - entering);
    damaged[at] = pick(random, DAMAGES)(Buffer.from(damaged[at] ?? []), random);
  }
  if (random() < 0.1) damaged.splice(seededInteger(random, damaged.length), 1);
  return Buffer.concat(damaged);
}

/** Cuts bytes into the pieces in which they arrive. */
export function* pieces(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  const few = pick(random, [7, 100, 5000]);
  for (let at = 0; at < bytes.byteLength; ) {
    // Headers and options come first; a payload in tiny pieces would only take time.
    const length = 1 + seededInteger(random, at < 400 ? few : 20_000);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** Bytes of no session at all. */
export function anyBytes(random: Random): Uint8Array {
  return noise(random, seededInteger(random, 400));
}
