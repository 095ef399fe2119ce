import { ChainImage } from '../chain/chain-image.ts';

/** A raw file or block device open for reading. */
export class RawImage extends ChainImage {}
