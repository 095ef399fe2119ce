import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { ByteChannel } from '../../../test/support/byte-channel.ts';
import {
  encodeExportNameAnswer,
  encodeGreeting,
  encodeInfo,
  encodeListedExport,
  encodeMetaContext,
  encodeOptionReply,
  OptionCode,
  OptionReplyType,
  parseOptionHeader,
} from '../../protocol/index.ts';
import { askOption } from './ask-option.ts';
import { negotiate, type Wanted } from './negotiate.ts';

const MIB = 1024 * 1024;
const wanted: Wanted = { exportName: 'disk', tls: false, contexts: [], subject: 'nbd://server/disk' };
const greeting = encodeGreeting(3);
const text = new TextEncoder();

const ack = (option: keyof typeof OptionCode) => encodeOptionReply(OptionCode[option], OptionReplyType.ack);
const refuse = (option: keyof typeof OptionCode, type: keyof typeof OptionReplyType, message = '') =>
  encodeOptionReply(OptionCode[option], OptionReplyType[type], text.encode(message));
const info = (data: Uint8Array) => encodeOptionReply(OptionCode.go, OptionReplyType.info, data);
const size = (sizeBytes: number) => info(encodeInfo({ kind: 'export', sizeBytes, flags: 1 }));
const context = (id: number, name: string) =>
  encodeOptionReply(OptionCode.setMetaContext, OptionReplyType.metaContext, encodeMetaContext({ id, name }));
const oldServer = [
  greeting,
  refuse('extendedHeaders', 'errUnsupported'),
  refuse('structuredReply', 'errUnsupported'),
];
const entered = [size(MIB), ack('go')];

/** Options that the client sent, in order. */
function optionsOf(channel: ByteChannel): number[] {
  return channel.sent.slice(1).map((bytes) => parseOptionHeader(bytes.subarray(0, 16)).option);
}

async function refused(channel: ByteChannel, changes: Partial<Wanted> = {}): Promise<SendenseError> {
  const error: unknown = await negotiate(channel, { ...wanted, ...changes }).catch(
    (thrown: unknown) => thrown,
  );
  if (!SendenseError.is(error)) throw new Error('nothing was refused', { cause: error });
  return error;
}

describe('the handshake', () => {
  it('agrees on 64-bit headers and asks for nothing less then', async () => {
    const channel = new ByteChannel(greeting, ack('extendedHeaders'), ...entered);
    expect(await negotiate(channel, wanted)).toMatchObject({ style: 'extended', sizeBytes: MIB, flags: 1 });
    expect(optionsOf(channel)).toEqual([OptionCode.extendedHeaders, OptionCode.go]);
  });

  it('falls back to structured and to simple replies', async () => {
    const no = refuse('extendedHeaders', 'errUnsupported');
    const structured = new ByteChannel(greeting, no, ack('structuredReply'), ...entered);
    expect(await negotiate(structured, wanted)).toMatchObject({ style: 'structured' });
    const simple = new ByteChannel(...oldServer, ...entered);
    expect(await negotiate(simple, { ...wanted, contexts: ['base:allocation'] })).toMatchObject({
      style: 'simple',
      contexts: [],
    });
    expect(optionsOf(simple)).not.toContain(OptionCode.setMetaContext);
  });

  it('selects contexts by name, whatever order and number the server gives them', async () => {
    const contexts = ['base:allocation', 'qemu:dirty-bitmap:a', 'qemu:dirty-bitmap:b'];
    const granted = [context(9, contexts[2] ?? ''), context(4, contexts[0] ?? ''), ack('setMetaContext')];
    const channel = new ByteChannel(greeting, ack('extendedHeaders'), ...granted, ...entered);
    expect((await negotiate(channel, { ...wanted, contexts })).contexts).toEqual([
      { id: 9, name: 'qemu:dirty-bitmap:b' },
      { id: 4, name: 'base:allocation' },
    ]);
  });

  it('takes block sizes and leaves alone what it does not know', async () => {
    const sizes = encodeInfo({ kind: 'block-size', minBytes: 512, preferredBytes: 4096, maxBytes: 65_536 });
    const unknown = info(Uint8Array.of(0x7f, 0xff, 1, 2, 3));
    const channel = new ByteChannel(greeting, ack('extendedHeaders'), unknown, info(sizes), ...entered);
    expect((await negotiate(channel, wanted)).blockSizes).toEqual({
      minBytes: 512,
      preferredBytes: 4096,
      maxBytes: 65_536,
    });
  });

  it.each([
    { flags: 3, padded: false },
    { flags: 1, padded: true },
  ])(
    'enters by the oldest option where the server knows no other (padded: $padded)',
    async ({ flags, padded }) => {
      const [, ...older] = oldServer;
      const answers = [refuse('go', 'errUnsupported'), encodeExportNameAnswer(MIB, 5, padded)];
      const channel = new ByteChannel(encodeGreeting(flags), ...older, ...answers);
      expect(await negotiate(channel, wanted)).toMatchObject({ sizeBytes: MIB, flags: 5 });
      expect(channel.left).toBe(0);
      expect(channel.sent.at(-1)?.subarray(16)).toEqual(text.encode('disk'));
      const without = new ByteChannel(encodeGreeting(flags), ...older, refuse('go', 'errUnsupported'));
      expect((await refused(without)).code).toBe('NOT_FOUND');
    },
  );

  it('goes over to TLS first of all, and not at all with a server that has none', async () => {
    const secured = new ByteChannel(greeting, ack('startTls'), ack('extendedHeaders'), ...entered);
    await negotiate(secured, { ...wanted, tls: true });
    expect(secured.secured).toBe(1);
    expect(optionsOf(secured)[0]).toBe(OptionCode.startTls);
    const plain = new ByteChannel(
      greeting,
      refuse('startTls', 'errPolicy'),
      ack('extendedHeaders'),
      ...entered,
    );
    expect((await refused(plain, { tls: true })).code).toBe('UNTRUSTED_PEER');
    expect(optionsOf(plain)).toEqual([OptionCode.startTls]);
  });

  it.each([
    ['errUnknown', 'NOT_FOUND'],
    ['errPolicy', 'PERMISSION_DENIED'],
    ['errTlsRequired', 'PERMISSION_DENIED'],
    ['errShutdown', 'CONNECTION_LOST'],
    ['errPlatform', 'UNSUPPORTED'],
    ['errTooBig', 'UNSUPPORTED'],
    ['errBlockSizeRequired', 'PROTOCOL_VIOLATION'],
  ] as const)('says %s as %s, with the words of the server', async (type, code) => {
    const error = await refused(new ByteChannel(...oldServer, refuse('go', type, 'because\u001b of me')));
    expect(error).toMatchObject({ code, context: { serverMessage: 'because  of me' } });
    expect(error.message).toContain('nbd://server/disk (because  of me)');
  });

  it.each<[what: string, channel: () => ByteChannel, changes?: Partial<Wanted>]>([
    ['is no NBD server', () => new ByteChannel(text.encode('HTTP/1.1 400 Bad Request\r\n'))],
    ['answers another option', () => new ByteChannel(greeting, ack('structuredReply'))],
    [
      'acknowledges with data',
      () =>
        new ByteChannel(
          greeting,
          encodeOptionReply(OptionCode.extendedHeaders, OptionReplyType.ack, Uint8Array.of(1)),
        ),
    ],
    [
      'answers with a reply of another kind',
      () => new ByteChannel(greeting, encodeOptionReply(OptionCode.extendedHeaders, OptionReplyType.server)),
    ],
    ['says no size', () => new ByteChannel(...oldServer, ack('go'))],
    [
      'never ends its information',
      () => new ByteChannel(...oldServer, ...Array.from({ length: 100 }, () => size(MIB))),
    ],
    [
      'grants a context not asked for',
      () =>
        new ByteChannel(greeting, ack('extendedHeaders'), context(1, 'base:other'), ack('setMetaContext')),
      { contexts: ['base:allocation'] },
    ],
    [
      'grants a context twice',
      () =>
        new ByteChannel(
          greeting,
          ack('extendedHeaders'),
          context(1, 'a:b'),
          context(1, 'a:c'),
          ack('setMetaContext'),
        ),
      { contexts: ['a:b', 'a:c'] },
    ],
    [
      'grants more contexts than were asked for',
      () =>
        new ByteChannel(
          greeting,
          ack('extendedHeaders'),
          context(1, 'a:b'),
          context(2, 'a:b'),
          ack('setMetaContext'),
        ),
      { contexts: ['a:b'] },
    ],
  ])('refuses a server that %s', async (_, channel, changes) => {
    expect((await refused(channel(), changes)).code).toBe('PROTOCOL_VIOLATION');
  });

  it('refuses a disk that is larger than a number can say', async () => {
    const huge = Uint8Array.of(0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 1);
    expect((await refused(new ByteChannel(...oldServer, info(huge), ack('go')))).code).toBe('UNSUPPORTED');
  });

  it('takes as many exports as it is told to, and no more', async () => {
    const entry = encodeOptionReply(
      OptionCode.list,
      OptionReplyType.server,
      encodeListedExport({ name: 'a', description: '' }),
    );
    const asked = { option: OptionCode.list, replyType: OptionReplyType.server, maxReplies: 3 };
    const list = (count: number) =>
      new ByteChannel(...Array.from({ length: count }, () => entry), ack('list'));
    expect((await askOption(list(3), asked)).replies).toHaveLength(3);
    await expect(askOption(list(4), asked)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it('ends in a session or a SendenseError, whatever the server says', async () => {
    const seed = testSeed();
    const cases = Math.round(3000 * testScale());
    const random = seededRandom(seed);
    const contexts = ['base:allocation', 'qemu:dirty-bitmap:a'];
    const sizes = info(encodeInfo({ kind: 'block-size', minBytes: 1, preferredBytes: 4096, maxBytes: MIB }));
    const granted = [context(1, contexts[0] ?? ''), context(2, contexts[1] ?? ''), ack('setMetaContext')];
    const honest = Buffer.concat([greeting, ack('extendedHeaders'), ...granted, sizes, ...entered]);
    let sessions = 0;
    for (let index = 0; index < cases; index++) {
      const damaged = Uint8Array.from(honest);
      for (let count = 1 + seededInteger(random, 3); count > 0; count--)
        damaged[seededInteger(random, damaged.byteLength)] =
          [0, 1, 255, seededInteger(random, 256)][seededInteger(random, 4)] ?? 0;
      const outcome: unknown = await negotiate(new ByteChannel(damaged), { ...wanted, contexts }).catch(
        (error: unknown) => error,
      );
      if (outcome instanceof Error && !SendenseError.is(outcome))
        throw new Error(`case ${index} of seed ${seed}`, { cause: outcome });
      if (!(outcome instanceof Error)) sessions += 1;
    }
    console.info(`seed ${seed}: ${cases} handshakes, ${sessions} sessions`);
    expect(sessions).toBeGreaterThan(cases / 100);
    expect(sessions).toBeLessThan(cases);
  });
});
