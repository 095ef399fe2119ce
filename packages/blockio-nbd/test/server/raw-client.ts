import { type Duplex, duplexPair } from 'node:stream';
import { Budget } from '@sendense/plugin-kit';
import {
  encodeClientFlags,
  encodeGo,
  encodeMetaContextQuery,
  encodeOption,
  encodeRequest,
  GREETING_BYTES,
  HandshakeFlag,
  type HeaderStyle,
  InfoType,
  isOptionError,
  type NbdRequest,
  OPTION_REPLY_HEADER_BYTES,
  OptionCode,
  OptionReplyType,
  parseOptionReplyHeader,
  parseReplyHeader,
  REPLY_HEADER_BYTES,
  type ReplyHeader,
  replyKind,
} from '../../src/protocol/index.ts';
import { Connection, type ServerContext } from '../../src/server/connection.ts';
import { ExportTable } from '../../src/server/exports/export-table.ts';
import { OpenExport } from '../../src/server/exports/open-export.ts';
import type { ServedExport } from '../../src/server/exports/served-export.ts';
import { checkLimits, type NbdServerLimits, type NbdServerTls } from '../../src/server/server-options.ts';
import { ByteSource } from '../../src/server/stream/byte-source.ts';

/** A reply to an option, or to a request with its payload. */
export type OptionReply = { readonly type: number; readonly data: Uint8Array };
export type RequestReply = { readonly header: ReplyHeader; readonly payload: Uint8Array };

/** Says what it is told to, right or wrong, over a stream. */
export class RawClient {
  readonly stream: Duplex;
  readonly #source: ByteSource;

  constructor(stream: Duplex) {
    this.stream = stream;
    this.#source = new ByteSource(stream);
    stream.on('error', () => undefined);
  }

  send(...parts: readonly Uint8Array[]): void {
    for (const part of parts) this.stream.write(part);
  }

  /** Takes whatever the server says and forgets it. */
  ignoreAnswers(): void {
    this.#source.release();
    this.stream.resume();
  }

  /** Exactly so many bytes; rejects when the server hangs up before. */
  async receive(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    if (!(await this.#source.read(bytes))) throw new Error('the server hung up');
    return bytes;
  }

  /** Whether the server hangs up without another byte. */
  async hungUp(): Promise<boolean> {
    return !(await this.#source.more());
  }

  async greet(flags: number = HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes): Promise<void> {
    await this.receive(GREETING_BYTES);
    this.send(encodeClientFlags(flags));
  }

  /** Sends an option and collects its replies up to the last one. */
  async option(code: number, data?: Uint8Array): Promise<OptionReply[]> {
    this.send(encodeOption(code, data));
    const replies: OptionReply[] = [];
    for (;;) {
      const { type, dataBytes } = parseOptionReplyHeader(await this.receive(OPTION_REPLY_HEADER_BYTES), code);
      replies.push({ type, data: await this.receive(dataBytes) });
      if (type === OptionReplyType.ack || isOptionError(type)) return replies;
    }
  }

  /** Greets, agrees on a style and contexts, and enters an export. */
  async enter(
    exportName: string,
    style: HeaderStyle = 'simple',
    contexts: readonly string[] = [],
  ): Promise<void> {
    await this.greet();
    if (style === 'structured') await this.option(OptionCode.structuredReply);
    if (style === 'extended') await this.option(OptionCode.extendedHeaders);
    if (contexts.length > 0) {
      await this.option(OptionCode.setMetaContext, encodeMetaContextQuery({ exportName, queries: contexts }));
    }
    await this.option(OptionCode.go, encodeGo({ exportName, infos: [InfoType.blockSize] }));
  }

  /** Sends a request. */
  request(request: Partial<NbdRequest>, style: HeaderStyle = 'simple', payload?: Uint8Array): void {
    const whole = { flags: 0, command: 0, cookie: 7n, offset: 0, length: 0, ...request };
    this.send(encodeRequest(whole, style));
    if (payload !== undefined) this.send(payload);
  }

  /** One reply or chunk; `readBytes` is what a successful simple reply to a read carries. */
  async reply(readBytes = 0): Promise<RequestReply> {
    const magic = await this.receive(4);
    const kind = replyKind(new DataView(magic.buffer).getUint32(0));
    const rest = await this.receive(REPLY_HEADER_BYTES[kind] - 4);
    const header = parseReplyHeader(Buffer.concat([magic, rest]));
    if (header.kind !== 'simple') return { header, payload: await this.receive(header.payloadBytes) };
    return { header, payload: await this.receive(header.errno === 0 ? readBytes : 0) };
  }
}

/** What a server for a test is made of. */
export type Bench = {
  readonly context: ServerContext;
  readonly log: string[];
  /** Messages of failures that nothing but a defect explains. */
  readonly defects: string[];
  /** A new client and the connection that serves it. */
  connect(): {
    readonly client: RawClient;
    readonly connection: Connection;
    /** The connection is gone, as by a reset. */
    readonly reset: () => void;
  };
};

/** A server without sockets: each client is a pair of streams in memory. */
export function setUpBench(
  exports: Readonly<Record<string, ServedExport>>,
  options: { readonly limits?: Partial<NbdServerLimits>; readonly tls?: NbdServerTls } = {},
): Bench {
  const limits = checkLimits(options.limits);
  const table = new ExportTable();
  for (const [name, served] of Object.entries(exports)) {
    table.add(new OpenExport(name, served, limits.maxPayloadBytes));
  }
  const log: string[] = [];
  const defects: string[] = [];
  const context: ServerContext = {
    exports: table,
    tls: options.tls,
    limits,
    bytes: new Budget(limits.serverBytes),
    log: ({ message, fields }) => {
      log.push(message);
      if (fields.code === 'UNEXPECTED') defects.push(message);
    },
  };
  return {
    context,
    log,
    defects,
    connect() {
      const [near, far] = duplexPair();
      return {
        client: new RawClient(near),
        connection: new Connection(far, context),
        reset: () => void far.destroy(),
      };
    },
  };
}
