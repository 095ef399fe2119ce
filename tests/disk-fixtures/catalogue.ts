import type { DiskFixture } from './disk-fixture.ts';
import { composed, planLayer } from './layer-plan.ts';
import { fixedVhd, sparseVhd } from './vhd.ts';
import { sparseVhdx } from './vhdx.ts';
import { dirtyVhdx } from './vhdx-dirty.ts';
import { cowdVmdk } from './vmdk-cowd.ts';
import { seSparseVmdk } from './vmdk-sesparse.ts';
import { sparseVmdk } from './vmdk-sparse.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How each fixture is made from a seed; small disks with odd ends, several tables, and runs that cross their borders. */
export const diskFixtures: Readonly<Record<string, (seed: number) => DiskFixture>> = {
  'VMDK monolithicSparse': (seed) =>
    sparseVmdk({
      layout: 'sparse',
      plan: planLayer({
        sizeBytes: 9 * MIB + 3 * KIB,
        pieceBytes: 8 * KIB,
        seed,
        runs: 12,
        longest: 20,
        zeros: true,
      }),
    }),
  // libvmdk 20200926 knows no entries for grains of zeros.
  'VMDK monolithicSparse without zeroed grains': (seed) =>
    sparseVmdk({
      layout: 'sparse',
      plan: planLayer({ sizeBytes: 5 * MIB, pieceBytes: 8 * KIB, seed, runs: 12, longest: 20 }),
    }),
  'VMDK streamOptimized, tables first': (seed) =>
    sparseVmdk({ layout: 'stream-tables-first', plan: streamPlan(seed) }),
  'VMDK streamOptimized, tables at the end': (seed) =>
    sparseVmdk({ layout: 'stream-footer', plan: streamPlan(seed) }),
  'VMDK COWD delta': (seed) => {
    const sizeBytes = 3 * MIB + 512;
    return cowdVmdk({
      plan: planLayer({ sizeBytes, pieceBytes: 512, seed, runs: 20, longest: 40 }),
      parent: composed(planLayer({ sizeBytes, pieceBytes: 512, seed: seed + 1, runs: 20, longest: 200 })),
    });
  },
  'VMDK SESparse delta': (seed) => {
    const sizeBytes = 20 * MIB + 8 * KIB;
    return seSparseVmdk({
      plan: planLayer({ sizeBytes, pieceBytes: 4 * KIB, seed, runs: 30, longest: 20, zeros: true }),
      parent: composed(planLayer({ sizeBytes, pieceBytes: 4 * KIB, seed: seed + 1, runs: 30, longest: 60 })),
    });
  },
  'VHD fixed': (seed) =>
    fixedVhd(composed(planLayer({ sizeBytes: MIB, pieceBytes: 512, seed, runs: 9, longest: 100 }))),
  'VHD dynamic': (seed) =>
    sparseVhd({
      plan: planLayer({ sizeBytes: 9 * MIB + 512, pieceBytes: 512, seed, runs: 4, longest: 3000 }),
    }),
  'VHD differencing': (seed) => {
    const sizeBytes = 5 * MIB + 512;
    return sparseVhd({
      blockBytes: 512 * KIB,
      plan: planLayer({ sizeBytes, pieceBytes: 512, seed, runs: 12, longest: 90, zeros: true }),
      parent: planLayer({ sizeBytes, pieceBytes: 512, seed: seed + 1, runs: 8, longest: 900 }),
    });
  },
  // libvhdi 20210425 reads the rest of a byte of the sector bitmap as zeros, and blocks of 2 MiB only.
  'VHD differencing in eights of sectors': (seed) => {
    const common = { sizeBytes: 5 * MIB, pieceBytes: 512, grid: 8 };
    return sparseVhd({
      plan: planLayer({ ...common, seed, runs: 9, longest: 12 }),
      parent: planLayer({ ...common, seed: seed + 1, runs: 8, longest: 90 }),
    });
  },
  'VHDX dynamic': (seed) =>
    sparseVhdx({
      plan: planLayer({
        sizeBytes: 9 * MIB + 512,
        pieceBytes: 512,
        seed,
        runs: 5,
        longest: 900,
        zeros: true,
      }),
    }),
  'VHDX dynamic, sectors of 4096 bytes': (seed) =>
    sparseVhdx({
      blockBytes: 2 * MIB,
      plan: planLayer({ sizeBytes: 9 * MIB + 4 * KIB, pieceBytes: 4 * KIB, seed, runs: 3, longest: 300 }),
    }),
  'VHDX differencing': (seed) => {
    const sizeBytes = 6 * MIB + 512;
    return sparseVhdx({
      plan: planLayer({ sizeBytes, pieceBytes: 512, seed, runs: 6, longest: 3000, zeros: true }),
      parent: planLayer({ sizeBytes, pieceBytes: 512, seed: seed + 1, runs: 5, longest: 2000 }),
    });
  },
  'VHDX of two chunks': (seed) => {
    const sizeBytes = 4096 * MIB + 3 * MIB;
    return sparseVhdx({
      plan: planLayer({ sizeBytes, pieceBytes: 512, seed, runs: 5, longest: 700 }),
      parent: planLayer({ sizeBytes, pieceBytes: 512, seed: seed + 1, runs: 4, longest: 700 }),
    });
  },
  'VHDX with a dirty log that runs around its end': (seed) => dirtyVhdx({ plan: dirtyPlan(seed) }),
  // QEMU 7.2 reads neither entries with two pages of descriptors nor sequences around the end.
  'VHDX with a dirty log in one piece': (seed) =>
    dirtyVhdx({ plan: dirtyPlan(seed), firstPage: 10, zeroedPages: 125 }),
};

/** A disk of three grain tables; the last grain ends with the disk. */
function streamPlan(seed: number) {
  return planLayer({ sizeBytes: 70 * MIB + 512, pieceBytes: 64 * KIB, seed, runs: 10, longest: 9 });
}

function dirtyPlan(seed: number) {
  return planLayer({ sizeBytes: 4 * MIB, pieceBytes: 512, seed, runs: 4, longest: 60 });
}
