import type { ByteRange, Call, Extent } from '@sendense/core';
import { probeFormat } from '@sendense/formats';
import { openQcow2, type Qcow2Bitmap, type Qcow2Image } from '@sendense/formats/qcow2';
import { extentsOf } from './changed-extents.ts';
import type { ImageFile } from './image-context.ts';
import type { OpenedImage } from './opened-image.ts';
import { isOurs, qcow2Of } from './our-bitmaps.ts';
import { steadily } from './steady-reader.ts';
import { uniteStreams } from './unite-streams.ts';

type Layer = { readonly path: string; readonly image: Qcow2Image };

/** A bitmap of the top image, with those of its name right below: libvirt continues bitmaps in the overlays it makes. */
export type ChainBitmap = Pick<Qcow2Bitmap, 'name' | 'granularityBytes' | 'recording' | 'consistent'>;

/**
 * The bitmaps of an opened image and of the QCOW2 images below it. A bitmap holds when the top image has it: one that only
 * a backing file has sees no writes any more. Of the chain it belongs to, the next image without it is the end.
 */
export class BitmapChain implements AsyncDisposable {
  readonly #opened: OpenedImage;
  readonly #layers: readonly Layer[];

  private constructor(opened: OpenedImage, layers: readonly Layer[]) {
    this.#opened = opened;
    this.#layers = layers;
  }

  /** Opens the images below `opened` as far as they are QCOW2. Their files are watched with it. */
  static async open(opened: OpenedImage, parents: ImageFile['parents']): Promise<BitmapChain> {
    const top = qcow2Of(opened.image);
    if (top === undefined) return new BitmapChain(opened, []);
    const { fileSystem, versions } = opened.watch;
    const layers: Layer[] = [{ path: opened.path, image: top }];
    const chain = new BitmapChain(opened, layers);
    try {
      for (const { path } of versions.slice(1)) {
        if ((await probeFormat(path, { fileSystem })) !== 'qcow2') break;
        const options = { fileSystem, ...(parents === undefined ? {} : { parents }) };
        layers.push({ path, image: await openQcow2(path, options) });
      }
      return chain;
    } catch (error) {
      await chain[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Names of bitmaps of ours, by the path of the image that holds them. */
  get ours(): ReadonlyMap<string, readonly string[]> {
    const namesOf = ({ bitmaps }: Qcow2Image) => bitmaps.filter(isOurs).map(({ name }) => name);
    return new Map(this.#layers.map(({ path, image }) => [path, namesOf(image)]));
  }

  /** The bitmap called `name`; `undefined` when the top image has none. */
  find(name: string): ChainBitmap | undefined {
    const bitmaps = this.#holding(name).flatMap(({ bitmaps: all }) => all.filter((one) => one.name === name));
    const [top] = bitmaps;
    if (top === undefined) return undefined;
    const recording = bitmaps.every((one) => one.recording);
    const consistent = bitmaps.every((one) => one.consistent);
    return { name, granularityBytes: top.granularityBytes, recording, consistent };
  }

  /** What `name` calls dirty, ascending and apart. Throws as `Qcow2Image.dirtyExtents`. */
  dirty(name: string, call?: Call): AsyncIterable<ByteRange> {
    return uniteStreams(this.#holding(name).map((image) => image.dirtyExtents(name, call)));
  }

  /** What `name` calls dirty, told apart into data and proven zeros. */
  changed(name: string, call?: Call): AsyncIterable<Extent> {
    return steadily(this.#opened, extentsOf(this.#opened.image, this.dirty(name, call), call));
  }

  /** Closes the images below the top; that one stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { image } of this.#layers.slice(1)) await image[Symbol.asyncDispose]();
  }

  /** The images from the top down that have a bitmap of that name, without a gap. */
  #holding(name: string): readonly Qcow2Image[] {
    const images = this.#layers.map(({ image }) => image);
    const end = images.findIndex(({ bitmaps }) => !bitmaps.some((one) => one.name === name));
    return end === -1 ? images : images.slice(0, end);
  }
}
