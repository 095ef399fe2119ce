import { ChainImage } from '../chain/chain-image.ts';

/** A QCOW2 image open for reading, with its backing chain. */
export class Qcow2Image extends ChainImage {}
