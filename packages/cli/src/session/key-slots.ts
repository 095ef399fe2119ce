import type { Finding, Json } from '@sendense/core';
import type { KeySlotInfo } from '@sendense/object-repository';
import { textTable } from '../output/text-table.ts';

/** The key slots as the command line prints them. */
export function describeSlots(slots: readonly KeySlotInfo[]): Json[] {
  return slots.map(({ id, kind, label }) => ({ id, kind, label }));
}

/** The same for a person. */
export function slotLines(slots: readonly KeySlotInfo[]): string[] {
  return textTable(
    ['ID', 'KIND', 'LABEL'],
    slots.map(({ id, kind, label }) => [id, kind, label]),
  );
}

/** What is wrong with slots: they open nothing, and may be removed. */
export function slotFindings(slots: readonly KeySlotInfo[]): Finding[] {
  return slots.flatMap(({ id, problem }) =>
    problem === undefined
      ? []
      : [
          {
            severity: 'warning',
            code: 'key-slot-unreadable',
            message: `key ${id} opens nothing: ${problem}; "sendense-ctl repository key remove --key-id ${id}" removes it`,
            object: `keys/${id}`,
          },
        ],
  );
}
