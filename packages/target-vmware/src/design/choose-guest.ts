import type { MachineSpec } from '@sendense/core';
import type { CheckedOptions } from '../options.ts';
import type { Outcomes } from './outcomes.ts';

/** Guests by the beginning of the name that vSphere shows for them, 64 bits each; the first that fits counts. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/ubuntu/i, 'ubuntu64Guest'],
  [/debian/i, 'debian10_64Guest'],
  [/red ?hat|rhel/i, 'rhel8_64Guest'],
  [/centos/i, 'centos8_64Guest'],
  [/suse|sles/i, 'sles15_64Guest'],
  [/oracle/i, 'oracleLinux8_64Guest'],
  [/photon/i, 'vmwarePhoton64Guest'],
  [/windows server.*(2019|2022|2025)/i, 'windows2019srv_64Guest'],
  [/windows server.*2016|windows 10|windows 11/i, 'windows9_64Guest'],
  [/freebsd/i, 'freebsd12_64Guest'],
];

const BY_FAMILY = {
  linux: 'otherLinux64Guest',
  windows: 'windows9_64Guest',
  bsd: 'freebsd12_64Guest',
  other: 'otherGuest64',
  unknown: 'otherGuest64',
} as const;

/** Which guest vSphere takes the machine's for: it decides on defaults only, so the nearest will do. */
export function chooseGuest({ guest }: MachineSpec, options: CheckedOptions, outcomes: Outcomes): string {
  const named = BY_NAME.find(([pattern]) => pattern.test(guest?.name ?? ''))?.[1];
  const chosen = options.guestId ?? named ?? BY_FAMILY[guest?.family ?? 'unknown'];
  outcomes.became('guest', guest ?? 'unknown', chosen);
  return chosen;
}
