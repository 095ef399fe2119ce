import { ChainImage } from '../chain/chain-image.ts';

/** A VHD open for reading, with its parents. */
export class VhdImage extends ChainImage {}
