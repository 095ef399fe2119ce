import { testSeed } from '@sendense/tests/scale';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChunkHeader,
  ChunkType,
  encodeChunkHeader,
  encodeClientFlags,
  encodeDataOffset,
  encodeError,
  encodeExportNameAnswer,
  encodeGo,
  encodeGreeting,
  encodeHole,
  encodeInfo,
  encodeListedExport,
  encodeMetaContext,
  encodeMetaContextQuery,
  encodeOption,
  encodeOptionReply,
  encodeRequest,
  encodeSimpleReply,
  encodeStatus,
  MAX_STRING_BYTES,
  parseClientFlags,
  parseError,
  parseExportNameAnswer,
  parseGo,
  parseGreeting,
  parseHole,
  parseInfo,
  parseListedExport,
  parseMetaContext,
  parseMetaContextQuery,
  parseOptionHeader,
  parseOptionReplyHeader,
  parseReplyHeader,
  parseRequest,
  parseStatus,
  REPLY_HEADER_BYTES,
  requestBytes,
} from './index.ts';

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const size = fc.maxSafeInteger().map(Math.abs);
const cookie = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'binary', maxLength: 300 });
const style = fc.constantFrom('simple' as const, 'structured' as const, 'extended' as const);
const violation = expect.objectContaining({ code: 'PROTOCOL_VIOLATION' });

function expectRoundTrip<T>(arbitrary: fc.Arbitrary<T>, roundTrip: (value: T) => unknown): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      expect(roundTrip(value)).toEqual(value);
    }),
    { seed: testSeed(), numRuns: 200 },
  );
}

describe('every message is parsed back to what was encoded', () => {
  it('requests', () => {
    const request = fc.record({ flags: u16, command: u16, cookie, offset: size, length: u32 });
    expectRoundTrip(fc.tuple(request, style), ([value, how]) => {
      const bytes = encodeRequest(value, how);
      expect(bytes.byteLength).toBe(requestBytes(how));
      return [parseRequest(bytes, how), how];
    });
    const long = fc.record({ flags: u16, command: u16, cookie, offset: size, length: size });
    expectRoundTrip(long, (value) => parseRequest(encodeRequest(value, 'extended'), 'extended'));
  });

  it('replies', () => {
    const simple = fc.record({ kind: fc.constant('simple' as const), cookie, errno: u32 });
    expectRoundTrip(simple, (value) => parseReplyHeader(encodeSimpleReply(value)));
    const fields = { cookie, flags: u16, type: u16, payloadBytes: u32 };
    const structured = fc.record({ kind: fc.constant('structured' as const), ...fields });
    const extended = fc.record({ kind: fc.constant('extended' as const), ...fields, offset: size });
    expectRoundTrip<ChunkHeader>(fc.oneof(structured, extended), (value) => {
      const bytes = encodeChunkHeader(value);
      expect(bytes.byteLength).toBe(REPLY_HEADER_BYTES[value.kind]);
      return parseReplyHeader(bytes);
    });
  });

  it('payloads of chunks', () => {
    expectRoundTrip(fc.record({ offset: size, length: u32 }), ({ offset, length }) =>
      parseHole(encodeHole(offset, length)),
    );
    const runs = fc.array(fc.record({ length: fc.integer({ min: 1, max: 0xffffffff }), flags: u32 }), {
      minLength: 1,
      maxLength: 20,
    });
    expectRoundTrip(fc.record({ contextId: u32, descriptors: runs }), (value) =>
      parseStatus(encodeStatus(value, false), false),
    );
    const wide = fc.record({ length: fc.integer({ min: 1, max: 2 ** 50 }), flags: cookie });
    const wideRuns = fc.array(wide, { minLength: 1, maxLength: 20 });
    expectRoundTrip(fc.record({ contextId: u32, descriptors: wideRuns }), (value) =>
      parseStatus(encodeStatus(value, true), true),
    );
    const message = fc.string({ maxLength: 100 });
    const errno = fc.integer({ min: 1, max: 0xffffffff });
    expectRoundTrip(fc.record({ errno, message }), (value) =>
      parseError(ChunkType.error, encodeError(value)),
    );
    expectRoundTrip(fc.record({ errno, message, offset: size }), (value) =>
      parseError(ChunkType.errorOffset, encodeError(value)),
    );
  });

  it('options and their replies', () => {
    expectRoundTrip(fc.tuple(u32, fc.uint8Array({ maxLength: 100 })), ([option, data]) => {
      const bytes = encodeOption(option, data);
      const header = parseOptionHeader(bytes.subarray(0, 16));
      return [header.option, bytes.subarray(bytes.byteLength - header.dataBytes)];
    });
    expectRoundTrip(
      fc.record({ option: u32, type: u32, dataBytes: fc.nat(100) }),
      ({ option, type, dataBytes }) =>
        parseOptionReplyHeader(
          encodeOptionReply(option, type, new Uint8Array(dataBytes)).subarray(0, 20),
          option,
        ),
    );
    expectRoundTrip(fc.record({ exportName: text, infos: fc.array(u16, { maxLength: 9 }) }), (value) =>
      parseGo(encodeGo(value)),
    );
    expectRoundTrip(fc.record({ exportName: text, queries: fc.array(text, { maxLength: 9 }) }), (value) =>
      parseMetaContextQuery(encodeMetaContextQuery(value)),
    );
    expectRoundTrip(fc.record({ id: u32, name: text }), (value) =>
      parseMetaContext(encodeMetaContext(value)),
    );
    expectRoundTrip(fc.record({ name: text, description: text }), (value) =>
      parseListedExport(encodeListedExport(value)),
    );
    expectRoundTrip(
      fc.record({ kind: fc.constant('export' as const), sizeBytes: size, flags: u16 }),
      (value) => parseInfo(encodeInfo(value)),
    );
    expectRoundTrip(
      fc.record({ kind: fc.constantFrom('name' as const, 'description' as const), text }),
      (value) => parseInfo(encodeInfo(value)),
    );
    expectRoundTrip(fc.record({ sizeBytes: size, flags: u16 }), ({ sizeBytes, flags }) =>
      parseExportNameAnswer(encodeExportNameAnswer(sizeBytes, flags, true).subarray(0, 10)),
    );
  });

  it('the greeting', () => {
    expect(parseGreeting(encodeGreeting(3))).toBe(3);
    expect(parseClientFlags(encodeClientFlags(3))).toBe(3);
    expect(encodeExportNameAnswer(1, 1, true).byteLength).toBe(134);
    expect(encodeDataOffset(2 ** 40)).toEqual(Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 0));
  });
});

describe('a message that cannot be is refused', () => {
  it.each<[what: string, parse: () => unknown]>([
    ['a greeting of another protocol', () => parseGreeting(new TextEncoder().encode('SSH-2.0-OpenSSH_9.'))],
    ['a greeting without options', () => parseGreeting(encodeGreeting(0))],
    ['client flags that are not known', () => parseClientFlags(encodeClientFlags(7))],
    ['an option without its magic', () => parseOptionHeader(new Uint8Array(16))],
    ['an answer to another option', () => parseOptionReplyHeader(encodeOptionReply(3, 1), 7)],
    [
      'a huge answer',
      () => parseOptionReplyHeader(encodeOptionReply(7, 1, new Uint8Array(70_000)).subarray(0, 20), 7),
    ],
    ['a name longer than its message', () => parseGo(Uint8Array.of(0, 0, 1, 0, 65, 0, 0))],
    ['a string beyond 4096 bytes', () => parseMetaContext(new Uint8Array(5 + MAX_STRING_BYTES).fill(65))],
    ['a string that is not UTF-8', () => parseMetaContext(Uint8Array.of(0, 0, 0, 1, 0xff))],
    ['a count of infos that does not add up', () => parseGo(Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 1))],
    [
      'a count of queries that does not add up',
      () => parseMetaContextQuery(Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255)),
    ],
    [
      'a block size that is no power of two',
      () =>
        parseInfo(encodeInfo({ kind: 'block-size', minBytes: 3, preferredBytes: 4096, maxBytes: 65_536 })),
    ],
    [
      'a block size of nothing',
      () =>
        parseInfo(encodeInfo({ kind: 'block-size', minBytes: 0, preferredBytes: 4096, maxBytes: 65_536 })),
    ],
    [
      'a payload smaller than a block',
      () => parseInfo(encodeInfo({ kind: 'block-size', minBytes: 512, preferredBytes: 4096, maxBytes: 511 })),
    ],
    ['an info that is too long', () => parseInfo(new Uint8Array(13))],
    ['a request without its magic', () => parseRequest(new Uint8Array(28), 'simple')],
    [
      'a short request',
      () =>
        parseRequest(
          encodeRequest({ flags: 0, command: 0, cookie: 1n, offset: 0, length: 1 }, 'simple').subarray(0, 27),
          'simple',
        ),
    ],
    ['a reply without a magic', () => parseReplyHeader(new Uint8Array(16))],
    ['an error of number 0', () => parseError(ChunkType.error, encodeError({ errno: 0, message: '' }))],
    [
      'an error whose message is longer than it',
      () => parseError(ChunkType.error, Uint8Array.of(0, 0, 0, 1, 0, 9)),
    ],
    [
      'a run of no length',
      () => parseStatus(encodeStatus({ contextId: 1, descriptors: [{ length: 0, flags: 0 }] }, false), false),
    ],
    ['status without runs', () => parseStatus(encodeStatus({ contextId: 1, descriptors: [] }, false), false)],
    ['status with half a run', () => parseStatus(new Uint8Array(15).fill(1), false)],
    [
      'wide status of a wrong count',
      () => parseStatus(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, ...new Uint8Array(16).fill(1)), true),
    ],
  ])('%s', (_, parse) => {
    expect(parse).toThrow(violation);
  });

  it('but a size above 2^53-1 is only rounded, so that a server can answer it', () => {
    const bytes = encodeRequest({ flags: 0, command: 0, cookie: 1n, offset: 0, length: 1 }, 'extended');
    bytes.fill(255, 16, 32);
    const { offset, length } = parseRequest(bytes, 'extended');
    expect([offset, length]).toEqual([2 ** 64, 2 ** 64]);
  });

  it('but control characters of a message are replaced, so that it can be shown', () => {
    const bytes = encodeError({ errno: 5, message: 'a\u001b[2Jb\n' });
    expect(parseError(ChunkType.error, bytes).message).toBe('a [2Jb ');
  });
});
