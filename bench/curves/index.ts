import { chainDepth } from './chain-depth.ts';
import { changedShare } from './changed-share.ts';
import { disksAtOnce } from './disks-at-once.ts';
import type { CurvePlan } from './measure-point.ts';
import { virtualSize } from './virtual-size.ts';

/** How costs grow with the work. */
export const CURVES: readonly CurvePlan[] = [disksAtOnce, virtualSize, changedShare, chainDepth];
