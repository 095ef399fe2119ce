import { SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import {
  encodeGo,
  encodeMetaContextQuery,
  encodeOption,
  HandshakeFlag,
  InfoType,
  MAX_OPTION_BYTES,
  OptionCode,
  OptionReplyType,
  parseExportNameAnswer,
  parseInfo,
  parseListedExport,
  parseMetaContext,
} from '../../src/protocol/index.ts';
import { OpenExport } from '../../src/server/exports/open-export.ts';
import type { ServedContext } from '../../src/server/index.ts';
import { arrayDisk } from './array-disk.ts';
import { type Bench, setUpBench } from './raw-client.ts';

const MIB = 1024 * 1024;
const disk = (sizeBytes = MIB, alignmentBytes = 1) =>
  arrayDisk(new Uint8Array(sizeBytes), { alignmentBytes });
/** A context that says nothing of interest. */
const clean = (name: string): ServedContext => ({
  name,
  async *status({ offset, length }) {
    yield { offset, length, flags: 0 };
  },
});
const { ack, info, server, metaContext } = OptionReplyType;

async function greeted(bench: Bench) {
  const { client } = bench.connect();
  await client.greet();
  return client;
}

const go = (exportName: string, infos: readonly number[] = []) => encodeGo({ exportName, infos });
const ask = (exportName: string, ...queries: readonly string[]) =>
  encodeMetaContextQuery({ exportName, queries });
const typesOf = (replies: readonly { readonly type: number }[]) => replies.map(({ type }) => type);

describe('the handshake of the server', () => {
  it('lists exports with their descriptions', async () => {
    const client = await greeted(setUpBench({ '': { ...disk(), description: 'the first' }, two: disk() }));
    const replies = await client.option(OptionCode.list);
    expect(typesOf(replies)).toEqual([server, server, ack]);
    expect(replies.slice(0, 2).map(({ data }) => parseListedExport(data))).toEqual([
      { name: '', description: 'the first' },
      { name: 'two', description: '' },
    ]);
  });

  it('tells size and block sizes unasked, name and description when asked', async () => {
    const client = await greeted(setUpBench({ a: { reader: disk(MIB, 512).reader, description: 'd' } }));
    const asked = [InfoType.blockSize, InfoType.name, InfoType.description, 99];
    const replies = await client.option(OptionCode.info, go('a', asked));
    expect(replies.slice(0, -1).map(({ data }) => parseInfo(data))).toEqual([
      { kind: 'export', sizeBytes: MIB, flags: expect.any(Number) },
      { kind: 'block-size', minBytes: 512, preferredBytes: 4096, maxBytes: 32 * MIB },
      { kind: 'name', text: 'a' },
      { kind: 'description', text: 'd' },
    ]);
    expect(typesOf(replies).slice(-1)).toEqual([ack]);
    expect(typesOf(await client.option(OptionCode.list))).toEqual([server, ack]);
  });

  it('refuses an unknown export, and goes on', async () => {
    const client = await greeted(setUpBench({ a: disk() }));
    expect(typesOf(await client.option(OptionCode.go, go('b')))).toEqual([OptionReplyType.errUnknown]);
    expect(typesOf(await client.option(OptionCode.go, go('a')))).toEqual([info, info, ack]);
  });

  it('lets nobody into a disk with blocks who does not ask for their size', async () => {
    const bench = setUpBench({ a: disk(MIB, 4096) });
    const client = await greeted(bench);
    const refused = await client.option(OptionCode.go, go('a'));
    expect(typesOf(refused)).toEqual([OptionReplyType.errBlockSizeRequired]);
    const old = await greeted(bench);
    old.send(encodeOption(OptionCode.exportName, Buffer.from('a')));
    expect(await old.hungUp()).toBe(true);
  });

  it.each([
    { flags: HandshakeFlag.fixedNewstyle, padded: true },
    { flags: HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes, padded: false },
    { flags: 0, padded: true },
  ])('enters by name alone with client flags $flags', async ({ flags, padded }) => {
    const { client } = setUpBench({ a: disk() }).connect();
    await client.greet(flags);
    client.send(encodeOption(OptionCode.exportName, Buffer.from('a')));
    expect(parseExportNameAnswer(await client.receive(10)).sizeBytes).toBe(MIB);
    if (padded) expect(Buffer.from(await client.receive(124)).every((byte) => byte === 0)).toBe(true);
    client.request({ length: 512 });
    expect((await client.reply(512)).header).toMatchObject({ kind: 'simple', errno: 0 });
  });

  it('hangs up on an unknown name that cannot be refused, and on options of a client that takes no replies', async () => {
    const bench = setUpBench({ a: disk() });
    const client = await greeted(bench);
    client.send(encodeOption(OptionCode.exportName, Buffer.from('b')));
    expect(await client.hungUp()).toBe(true);
    const { client: first } = bench.connect();
    await first.greet(0);
    first.send(encodeOption(OptionCode.list));
    expect(await first.hungUp()).toBe(true);
  });

  it('answers unknown and malformed options with an error, and goes on', async () => {
    const client = await greeted(setUpBench({ a: disk() }));
    expect(typesOf(await client.option(77))).toEqual([OptionReplyType.errUnsupported]);
    const invalid = [OptionReplyType.errInvalid];
    expect(typesOf(await client.option(OptionCode.list, Uint8Array.of(1)))).toEqual(invalid);
    expect(typesOf(await client.option(OptionCode.go, Uint8Array.of(0, 0, 0, 9)))).toEqual(invalid);
    expect(typesOf(await client.option(OptionCode.structuredReply, Uint8Array.of(1)))).toEqual(invalid);
    expect(typesOf(await client.option(OptionCode.setMetaContext, ask('a', 'base:allocation')))).toEqual(
      invalid,
    );
    expect(typesOf(await client.option(OptionCode.startTls))).toEqual([OptionReplyType.errPolicy]);
    expect(typesOf(await client.option(OptionCode.abort))).toEqual([ack]);
    expect(await client.hungUp()).toBe(true);
  });

  it('lets extended headers follow structured replies, and not the other way round', async () => {
    const client = await greeted(setUpBench({ a: disk() }));
    const type = async (option: number) => typesOf(await client.option(option));
    expect(await type(OptionCode.structuredReply)).toEqual([ack]);
    expect(await type(OptionCode.structuredReply)).toEqual([OptionReplyType.errInvalid]);
    expect(await type(OptionCode.extendedHeaders)).toEqual([ack]);
    expect(await type(OptionCode.extendedHeaders)).toEqual([OptionReplyType.errInvalid]);
    expect(await type(OptionCode.structuredReply)).toEqual([OptionReplyType.errExtendedHeadersRequired]);
  });

  it('lists contexts by namespace and chooses them by name', async () => {
    const contexts = ['x:one', 'x:two', 'y:one'].map(clean);
    const client = await greeted(setUpBench({ a: { reader: disk().reader, contexts } }));
    await client.option(OptionCode.structuredReply);
    const names = async (option: number, ...queries: readonly string[]) =>
      (await client.option(option, ask('a', ...queries)))
        .filter(({ type }) => type === metaContext)
        .map(({ data }) => parseMetaContext(data).name);
    const { listMetaContext: list, setMetaContext: set } = OptionCode;
    expect(await names(list)).toEqual(['base:allocation', 'x:one', 'x:two', 'y:one']);
    expect(await names(list, 'x:')).toEqual(['x:one', 'x:two']);
    expect(await names(set, 'x:')).toEqual([]);
    expect(await names(set, 'y:one', 'base:allocation', 'z:')).toEqual(['base:allocation', 'y:one']);
  });

  it('hangs up on what cannot be an option, however long it claims to be', async () => {
    const bench = setUpBench({ a: disk() });
    const noise = await greeted(bench);
    noise.send(Buffer.alloc(16, 1));
    expect(await noise.hungUp()).toBe(true);
    const long = await greeted(bench);
    const header = Buffer.from(encodeOption(OptionCode.list));
    header.writeUInt32BE(MAX_OPTION_BYTES + 1, 12);
    long.send(header);
    expect(await long.hungUp()).toBe(true);
    const flags = bench.connect().client;
    await flags.greet(0xff);
    expect(await flags.hungUp()).toBe(true);
    expect(bench.log).toHaveLength(3);
  });
});

describe('an export', () => {
  it.each([
    ['goes only forward', { reader: arrayDisk(new Uint8Array(512), { order: 'ascending' }).reader }],
    ['has blocks of 131072 bytes', { reader: disk(MIB, 131_072).reader }],
    ['does not end at the edge', { reader: disk(1000, 512).reader }],
    ['only once', { reader: disk().reader, writer: { ...disk().writer, rewritable: false } }],
    ['two sizes', { reader: disk().reader, writer: disk(512).writer }],
    [
      'two contexts of one name',
      {
        reader: disk().reader,
        contexts: [clean('base:allocation')],
      },
    ],
    ['without a namespace', { reader: disk().reader, contexts: [clean('dirty')] }],
  ])('is refused when it %s', (message, served) => {
    const open = () => new OpenExport('a', served, 32 * MIB);
    expect(open).toThrow(SendenseError);
    expect(open).toThrow(message);
  });
});
