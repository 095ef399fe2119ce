/** Formats that rows convert between. */
export const CONVERTED_FORMATS = ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx'] as const;

/** One of them. */
export type ConvertedFormat = (typeof CONVERTED_FORMATS)[number];

const CONVERSIONS = CONVERTED_FORMATS.flatMap((from) =>
  CONVERTED_FORMATS.filter((to) => to !== from).map((to) => `convert-${from}-${to}`),
);

/** Every row of the performance table, in its order; scripts name rows by these. */
export const ROW_NAMES: readonly string[] = [
  'backup-nbd',
  'backup-image',
  'libvirt-full',
  'libvirt-incremental',
  'incremental-bytes',
  'incremental-time',
  'restore-chain',
  ...CONVERSIONS,
  'object-backup',
  'object-rebackup',
  'object-restore',
  'object-latency',
  'browse-first',
  'memory-1g',
  'memory-8t',
  'parallel-10',
  'loop-delay',
  'typescript-path',
];
