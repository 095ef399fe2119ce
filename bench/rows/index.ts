import { backupImage } from './backup-image.ts';
import { backupNbd } from './backup-nbd.ts';
import { browseFirst } from './browse-first.ts';
import { conversions } from './convert.ts';
import { libvirtFull, libvirtIncremental } from './libvirt.ts';
import { incrementalBytes, incrementalTime } from './live-increment.ts';
import { loopDelay } from './loop-delay.ts';
import { memoryEightTib, memoryOneGib } from './memory.ts';
import { objectBackup, objectRebackup } from './object-backup.ts';
import { objectLatency } from './object-latency.ts';
import { objectRestore } from './object-restore.ts';
import { parallelTen } from './parallel-10.ts';
import { restoreChain } from './restore-chain.ts';
import type { Row } from './row.ts';
import { typescriptPath } from './typescript-path.ts';

/** The rows whose parts exist. */
export const ROWS: readonly Row[] = [
  backupNbd,
  backupImage,
  libvirtFull,
  libvirtIncremental,
  incrementalBytes,
  incrementalTime,
  restoreChain,
  ...conversions,
  objectBackup,
  objectRebackup,
  objectRestore,
  objectLatency,
  browseFirst,
  memoryOneGib,
  memoryEightTib,
  parallelTen,
  loopDelay,
  typescriptPath,
];
