import type { ChunkAddon } from './chunk-addon.ts';

/** Number of the interface below. An addon built for another one is refused. */
export const CONTRACT = 3;

/** What only an NBD server can cause. */
export type NbdCause =
  /** An error number in the reply to a request. */
  | 'replied'
  /** An error reply to an option. */
  | 'refused'
  | 'protocol'
  | 'no-tls'
  | 'tls'
  | 'hung-up-after-tls'
  | 'not-in-time'
  | 'silent'
  | 'too-large'
  | 'no-status'
  | 'read-only'
  | 'unaligned';

/** Why a call failed, as values: nothing here is text to be parsed. */
export type NativeFailure = {
  readonly cause:
    | 'system'
    | 'shortened'
    | 'is-device'
    | 'wrong-kind'
    | 'out-of-range'
    | 'aborted'
    /** Aborted, and a server has not answered what it was sent. */
    | 'abandoned'
    | 'panicked'
    | NbdCause;
  /** With `system`: the errno. */
  readonly errno?: number;
  /** With `out-of-range` the index of the move; with `replied` and `refused` the number that the server gave. */
  readonly number?: number;
  /** With `protocol` and `tls`: a word or phrase of a fixed set. */
  readonly detail?: string;
  /** Which source it is about; -1 is the target. */
  readonly endpoint?: number;
  /** Whether a server has not answered a change that it was sent: it may have done it, or still do it. */
  readonly open?: boolean;
};

/** A call that failed tells why; its other values then mean nothing. */
export type Fallible = { readonly failure?: NativeFailure };

/** A file or device as the addon takes it, or an export: `path` then means nothing. */
export type NativeEndpoint = {
  readonly path: string;
  readonly device: boolean;
  readonly nbd?: NativeExport;
};

/** An export of an NBD server as the addon takes it. */
export type NativeExport = {
  /** Of a unix socket. */
  readonly path?: string;
  /** Else `IP:port`, tried in this order. */
  readonly addresses: readonly string[];
  readonly name: string;
  readonly tls?: NativeTls;
  /** Longest wait for a connection to be ready. */
  readonly handshakeMs: number;
  /** Longest silence of a server that owes an answer. */
  readonly silenceMs: number;
  /** Longest wait for the answers to changes that were sent, once a transfer is to stop. */
  readonly afterAbortMs: number;
};

/** How the addon secures a connection. */
export type NativeTls = {
  /** Name or address that the certificate of the server must be for. */
  readonly serverName: string;
  readonly authoritiesPem: string;
  readonly certificatePem?: string;
  readonly keyPem?: string;
  readonly skipVerification: boolean;
};

/** An open file. Calls under way keep it open past `close`. */
export interface NativeFile {
  /** Bytes when it was opened. */
  readonly size: number;
  /** Packed `[offset, length, 1 when a hole]`, at most `limit` of them. */
  extents(
    offset: number,
    length: number,
    limit: number,
  ): Promise<Fallible & { readonly packed: Float64Array }>;
  read(offset: number, into: Uint8Array): Promise<Fallible>;
  write(offset: number, data: Uint8Array): Promise<Fallible>;
  /** Zeroes the first part of a range; `end` is where that part ends. */
  zero(offset: number, length: number): Promise<Fallible & { readonly end: number }>;
  sync(): Promise<Fallible>;
  close(): void;
}

/** An open export. Calls run side by side on threads of its own; those under way fail when it is closed. */
export interface NativeClient {
  readonly size: number;
  /** Reads and writes begin and end on multiples of this, or at the end. */
  readonly alignment: number;
  readonly readOnly: boolean;
  /** Whether writes can be made durable: by `flush`, or each by itself. */
  readonly durable: boolean;
  /** Whether another connection sees what is written here, and the other way round. */
  readonly shared: boolean;
  /** Whether the server tells which ranges are zeros. */
  readonly tellsZeros: boolean;
  /** Leaves `into` alone once `control` was cancelled. */
  read(offset: number, into: Uint8Array, control: TransferControl): Promise<Fallible>;
  write(offset: number, data: Uint8Array): Promise<Fallible>;
  zero(offset: number, length: number): Promise<Fallible>;
  flush(): Promise<Fallible>;
  /** As of a file; some more than `limit` may come. */
  extents(
    offset: number,
    length: number,
    limit: number,
  ): Promise<Fallible & { readonly packed: Float64Array }>;
  close(): void;
}

/** The open exports of this JavaScript environment; they end with it. */
export interface ClientHost {
  open(
    endpoint: NativeExport,
    connections: number,
    control: TransferControl,
  ): Promise<Fallible & { readonly client?: NativeClient }>;
}

/** What a transfer is asked to do; see core's `TransferRequest`. */
export type NativeTransferRequest = {
  readonly from: readonly NativeEndpoint[];
  readonly to: NativeEndpoint;
  readonly moves: Float64Array;
  readonly digest: boolean;
  readonly pieceBytes: number;
  readonly zeros: 'skip' | 'write' | 'pack';
  /** Whether large writes of a file go past the page cache. */
  readonly pastCache: boolean;
  readonly windowBytes: number;
  readonly threads: number;
};

/** Watches and stops one transfer. */
export interface TransferControl {
  readonly done: number;
  cancel(): void;
}

/** The transfers of this JavaScript environment; they end with it. */
export interface TransferHost {
  /** How many are under way. */
  readonly running: number;
  /** Never rejects for what a transfer meets; settles when nothing is under way any more. */
  start(
    request: NativeTransferRequest,
    control: TransferControl,
  ): Promise<Fallible & { readonly digests?: Uint8Array; readonly zeros?: Float64Array }>;
}

/** What the native addon exports. */
export interface Addon extends ChunkAddon {
  contract(): number;
  openFile(endpoint: NativeEndpoint, writable: boolean): Promise<Fallible & { readonly file?: NativeFile }>;
  readonly TransferControl: new () => TransferControl;
  readonly TransferHost: new () => TransferHost;
  readonly ClientHost: new () => ClientHost;
}
