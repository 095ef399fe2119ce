/** Full: needs no other point. Incremental: since the point before. Differential: since the last full. */
export type BackupKind = 'full' | 'incremental' | 'differential';
