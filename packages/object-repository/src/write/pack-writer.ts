import { type Call, SendenseError } from '@sendense/core';
import { BufferPool } from '@sendense/plugin-kit/chunks';
import { newObjectId, type RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import type { ChunkPlace } from '../index/table-page.ts';
import { packKey } from '../layout/object-keys.ts';
import type { PackEntry } from '../packs/pack-directory.ts';
import { PACK_HEADER_BYTES, serializePack } from '../packs/pack-layout.ts';
import type { PutOptions } from '../store/object-store.ts';
import type { Deadline } from './deadline.ts';
import { FRAME_BUFFER_BYTES, FrameBuffer } from './frame-buffer.ts';

/** A pack is closed when it has so many bytes. */
const PACK_BYTES = 16 * 1024 * 1024;
/** Or so many frames: its reader and an index object take no more than a few times as many. */
const PACK_ENTRIES = 65_536;
/** Uploads under way at once. */
const UPLOADS = 3;
/** Buffers that are kept for the next packs: those of a pack, and of what is uploaded meanwhile. */
const KEPT_BUFFERS = ((UPLOADS + 1) * PACK_BYTES) / FRAME_BUFFER_BYTES;

type OpenPack = {
  readonly id: string;
  readonly frames: FrameBuffer;
  readonly entries: PackEntry[];
  bytes: number;
};

/** Who learns the store's times and deletes packs that are given up, and how packs are locked. */
type PackOptions = {
  readonly deadline: Pick<Deadline, 'note'> & {
    /** Deletes packs that nobody can rely on; without it they are left to prune. */
    remove?(packs: Iterable<string>): Promise<void>;
  };
  readonly lock: PutOptions;
};

type PackContext = Pick<RepositoryContext, 'store' | 'sealer' | 'random'>;

/** Fills packs and uploads them, a few at once. After one failure it does nothing more. */
export class PackWriter {
  readonly #context: PackContext;
  readonly #deadline: PackOptions['deadline'];
  readonly #lock: PutOptions;
  readonly #stored: (pack: IndexedPack) => Promise<void>;
  /** Packs that are stored, or may be, and that no index object names. */
  readonly #created = new Set<string>();
  readonly #uploads = new Set<Promise<void>>();
  readonly #buffers = new BufferPool(FRAME_BUFFER_BYTES, KEPT_BUFFERS);
  readonly #stop = new AbortController();
  #open: OpenPack | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `stored` learns each pack once it is durable. */
  constructor(
    context: PackContext,
    { deadline, lock }: PackOptions,
    stored: (pack: IndexedPack) => Promise<void>,
  ) {
    this.#context = context;
    this.#deadline = deadline;
    this.#lock = lock;
    this.#stored = stored;
  }

  /** Appends a copy of a frame; says where it will lie. */
  add(entry: PackEntry, frame: Uint8Array): ChunkPlace {
    this.#open ??= {
      id: newObjectId(this.#context.random),
      frames: new FrameBuffer(this.#buffers),
      entries: [],
      bytes: PACK_HEADER_BYTES,
    };
    const { id, frames, entries, bytes } = this.#open;
    frames.add(frame);
    entries.push(entry);
    this.#open.bytes += frame.byteLength;
    if (this.#open.bytes >= PACK_BYTES || entries.length >= PACK_ENTRIES) this.#close();
    return { pack: id, offset: bytes, length: frame.byteLength };
  }

  /** Resolves when another pack may be filled. Rejects with what an upload failed with. */
  async room(): Promise<void> {
    while (this.#uploads.size >= UPLOADS) await Promise.race(this.#uploads);
    this.#check();
  }

  /** Resolves when every frame is durable. Rejects with what an upload failed with. */
  async flush(): Promise<void> {
    this.#close();
    while (this.#uploads.size > 0) await Promise.all(this.#uploads);
    this.#check();
  }

  /** Ends the uploads. The packs, which no index object names, are deleted where somebody can do that safely, else left to prune. */
  async abandon(): Promise<void> {
    this.#failure ??= {
      error: new SendenseError('NOT_OPEN', 'the point was given up', { operation: 'write-pack' }),
    };
    this.#open = undefined;
    this.#stop.abort();
    await Promise.all(this.#uploads);
    await this.#deadline.remove?.(this.#created).catch(unlessForbidden);
    this.#created.clear();
  }

  /** The packs have index objects now, or may have them: others may rely on them. */
  publish(): void {
    this.#created.clear();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #close(): void {
    const pack = this.#open;
    this.#open = undefined;
    if (pack === undefined || this.#failure !== undefined) return;
    const upload = this.#upload(pack, { signal: this.#stop.signal })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#uploads.delete(upload));
    this.#uploads.add(upload);
  }

  async #upload({ id, frames, entries }: OpenPack, call: Call): Promise<void> {
    const { store, sealer } = this.#context;
    const parts = serializePack(packKey(id), frames.parts(), entries, sealer);
    const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    this.#created.add(id);
    const { modifiedAt } = await store.put(packKey(id), parts, this.#lock, call);
    frames.giveBack();
    this.#deadline.note(modifiedAt);
    await this.#stored({ id, sizeBytes, entries });
  }
}

/** Who may not delete leaves the packs to a later prune; so does who cannot reach the store any more. */
function unlessForbidden(error: unknown): void {
  if (!SendenseError.is(error)) throw error;
}
