/** What the thread that reads a mounted folder is started with. */
export type FolderThreadData = {
  readonly root: string;
  /**
   * The file that shows the bytes of the volume: it cannot be opened any more when nobody serves them. `root` where there is none: a virtual
   * machine reads them.
   */
  readonly served: string;
};

/** A name below a mounted folder: bytes, the outer folders first. Nothing of it is ever followed as a link. */
export type PlaceBelow = {
  /** Number of the folder, by which it is kept open. */
  readonly folder: number;
  /** Names on the way to the folder; empty for the root. */
  readonly way: readonly Uint8Array[];
  /** A name in it; `undefined`: the folder itself. */
  readonly name?: Uint8Array;
};

/** What is asked of the thread that reads a mounted folder. */
export type FolderQuestion =
  | { readonly kind: 'list'; readonly place: PlaceBelow }
  | { readonly kind: 'stat'; readonly place: PlaceBelow }
  | { readonly kind: 'read-link'; readonly place: PlaceBelow }
  /** `length` bytes at `offset`, which lie in the file. */
  | { readonly kind: 'read'; readonly place: PlaceBelow; readonly offset: number; readonly length: number };

/** Names of a folder, each between two NULs, and the place of the type of each in `ENTRY_TYPES`. */
export type FolderList = { readonly names: Uint8Array; readonly types: Uint8Array };

/** What stat(2) says of a file. */
export type FolderStatus = {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly rdev: bigint;
  readonly size: bigint;
  readonly blocks: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
};

/** What is answered to each kind of question. `read`: `null` for zeros alone. */
export type FolderAnswers = {
  readonly list: FolderList;
  readonly stat: FolderStatus;
  readonly 'read-link': Uint8Array;
  readonly read: Uint8Array | null;
};

/** A question on its way. */
export type FolderRequest = { readonly id: number; readonly question: FolderQuestion };

/** An answer on its way, or the errno with which the system refused. */
export type FolderReply = { readonly id: number } & (
  | { readonly answer: FolderAnswers[FolderQuestion['kind']] }
  | { readonly errno: string; readonly message: string }
);

/** What names in folders stand for; the first: only stat knows. */
export const ENTRY_TYPES = [
  undefined,
  'file',
  'directory',
  'symlink',
  'block-device',
  'char-device',
  'fifo',
  'socket',
] as const;
