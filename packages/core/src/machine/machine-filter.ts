import type { MachineRef } from './machine-ref.ts';

/** Which machines to list; all given fields must hold. */
export type MachineFilter = {
  readonly name?: string;
  readonly tag?: { readonly key: string; readonly value?: string };
};

/** A line of an inventory. */
export type MachineSummary = {
  readonly machine: MachineRef;
  readonly name: string;
  readonly power: 'on' | 'off' | 'suspended' | 'unknown';
};
