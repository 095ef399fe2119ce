import {
  type ChunkHeader,
  Command,
  type HeaderStyle,
  parseReplyHeader,
  REPLY_HEADER_BYTES,
  type ReplyHeader,
  replyKind,
  type SimpleReply,
  violation,
} from '../../protocol/index.ts';
import { beginChunk, type ChunkStep, endReply, type ReplyContext } from './chunk-steps.ts';
import { Gather } from './gather.ts';
import type { PendingRequest } from './pending-request.ts';

/** What the next bytes are. */
type State =
  | { readonly at: 'magic' }
  | { readonly at: 'header' }
  | { readonly at: 'payload'; readonly step: ChunkStep & { readonly kind: 'payload' } }
  | { readonly at: 'data'; readonly after: () => void };

const MAGIC_BYTES = 4;

/**
 * Takes what a server sends in the transmission phase, cut anywhere, and settles the requests that it answers. Data goes
 * straight into the buffer of its read. Throws `PROTOCOL_VIOLATION` for what no request explains; the stream is useless
 * then. Knows nothing of sockets.
 */
export class ReplyStream {
  readonly #style: HeaderStyle;
  readonly #pending: Map<bigint, PendingRequest>;
  readonly #context: ReplyContext;
  readonly #gather = new Gather();
  #state: State = { at: 'magic' };
  /** Of the data being received: whose it is, where in its buffer, and how much is missing. */
  #owner: PendingRequest | undefined;
  #position = 0;
  #remaining = 0;

  /** @param pending - requests without an answer, by cookie; answered ones are taken out */
  constructor(style: HeaderStyle, pending: Map<bigint, PendingRequest>, context: ReplyContext) {
    this.#style = style;
    this.#pending = pending;
    this.#context = context;
    this.#gather.begin(MAGIC_BYTES);
  }

  /** Whether the last byte taken ended a message. */
  get between(): boolean {
    return this.#state.at === 'magic' && this.#gather.have === 0;
  }

  /** Takes the next bytes of the server; they may be overwritten afterwards. */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.byteLength > 0) {
      const taken = this.#state.at === 'data' ? this.#takeData(rest) : this.#gather.take(rest);
      rest = rest.subarray(taken);
      if (this.#state.at === 'data') this.#endData(this.#state);
      else if (this.#gather.missing === 0) this.#endMessage(this.#state, this.#gather.message());
    }
  }

  #magic: Uint8Array = new Uint8Array();

  #endMessage(state: Exclude<State, { at: 'data' }>, message: Uint8Array): void {
    if (state.at === 'magic') {
      this.#magic = message;
      const kind = replyKind(new DataView(message.buffer, message.byteOffset).getUint32(0));
      this.#state = { at: 'header' };
      this.#gather.begin(REPLY_HEADER_BYTES[kind] - MAGIC_BYTES);
    } else if (state.at === 'header') {
      this.#onHeader(parseReplyHeader(Buffer.concat([this.#magic, message])));
    } else this.#onStep(state.step.take(message), state.step.chunk);
  }

  #onHeader(header: ReplyHeader): void {
    const pending = this.#pending.get(header.cookie);
    if (pending === undefined) {
      throw violation('answered a request that was not made', { cookie: String(header.cookie) });
    }
    if (header.kind === 'simple') this.#onSimple(header, pending);
    else {
      if (header.kind !== this.#style)
        throw violation(`sent a ${header.kind} reply where none was agreed on`);
      this.#onStep(beginChunk(header, pending, this.#context), { header, pending });
    }
  }

  #onSimple({ errno }: SimpleReply, pending: PendingRequest): void {
    const { command, length } = pending.request;
    const reads = command === Command.read;
    const allowed = this.#style === 'simple' || (this.#style === 'structured' && !reads);
    if (!allowed || command === Command.blockStatus) {
      throw violation('sent a simple reply where a structured one is due', { command });
    }
    if (errno !== 0) pending.error = { errno, message: '' };
    if (!reads || errno !== 0) this.#finish(pending);
    else this.#receive(pending, 0, length, () => this.#finish(pending));
  }

  #onStep(step: ChunkStep, chunk: { readonly header: ChunkHeader; readonly pending: PendingRequest }): void {
    if (step.kind === 'payload') {
      this.#gather.begin(step.bytes);
      this.#state = { at: 'payload', step };
    } else if (step.kind === 'data') {
      this.#receive(chunk.pending, step.position, step.bytes, () => this.#endChunk(chunk));
    } else this.#endChunk(chunk);
  }

  #endChunk({ header, pending }: { readonly header: ChunkHeader; readonly pending: PendingRequest }): void {
    if (endReply(header, pending, this.#context)) this.#finish(pending);
    else this.#next();
  }

  #finish(pending: PendingRequest): void {
    this.#pending.delete(pending.request.cookie);
    this.#next();
    pending.finish();
  }

  #next(): void {
    this.#state = { at: 'magic' };
    this.#gather.begin(MAGIC_BYTES);
  }

  #receive(owner: PendingRequest, position: number, bytes: number, after: () => void): void {
    this.#owner = owner;
    this.#position = position;
    this.#remaining = bytes;
    this.#state = { at: 'data', after };
  }

  #takeData(bytes: Uint8Array): number {
    const count = Math.min(this.#remaining, bytes.byteLength);
    this.#owner?.into?.set(bytes.subarray(0, count), this.#position);
    this.#position += count;
    this.#remaining -= count;
    return count;
  }

  #endData(state: State & { readonly at: 'data' }): void {
    if (this.#remaining > 0) return;
    this.#owner = undefined;
    state.after();
  }
}
