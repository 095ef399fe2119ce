import { readFileSync } from 'node:fs';

/** Names this start of the machine, as the system writes it; `undefined` where the system does not tell (Linux does, in `/proc`). */
export function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
  } catch {
    return undefined;
  }
}
