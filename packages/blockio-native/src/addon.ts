/** Number of the interface below. An addon built for another one is refused. */
export const CONTRACT = 1;

/** Why a call failed, as values: nothing here is text to be parsed. */
export type NativeFailure = {
  readonly cause:
    | 'system'
    | 'shortened'
    | 'is-device'
    | 'wrong-kind'
    | 'out-of-range'
    | 'aborted'
    | 'panicked';
  /** With `system`: the errno. */
  readonly errno?: number;
  /** With `out-of-range`: the index of the move. */
  readonly moveIndex?: number;
  /** Which source it is about; -1 is the target. */
  readonly endpoint?: number;
};

/** A call that failed tells why; its other values then mean nothing. */
export type Fallible = { readonly failure?: NativeFailure };

/** A file or device as the addon takes it. */
export type NativeEndpoint = { readonly path: string; readonly device: boolean };

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

/** What a transfer is asked to do; see core's `TransferRequest`. */
export type NativeTransferRequest = {
  readonly from: readonly NativeEndpoint[];
  readonly to: NativeEndpoint;
  readonly moves: Float64Array;
  readonly digest: boolean;
  readonly pieceBytes: number;
  readonly writeZeros: boolean;
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
export interface Addon {
  contract(): number;
  openFile(endpoint: NativeEndpoint, writable: boolean): Promise<Fallible & { readonly file?: NativeFile }>;
  readonly TransferControl: new () => TransferControl;
  readonly TransferHost: new () => TransferHost;
}
