import type { ImageContext, ImageFile } from '@sendense/platform-image';
import type { CheckedOptions } from './options.ts';

/** What every step of one source shares. */
export type SourceContext = ImageContext & { readonly options: CheckedOptions };

/** The image at `path` as the options have it opened. */
export function imageFile({ options: { format, parents } }: SourceContext, path: string): ImageFile {
  return { path, format, parents };
}
