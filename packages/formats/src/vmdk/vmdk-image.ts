import { ChainImage } from '../chain/chain-image.ts';

/** A VMDK image open for reading, with its extents and its chain. */
export class VmdkImage extends ChainImage {}
