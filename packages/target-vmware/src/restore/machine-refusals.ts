import { SendenseError } from '@sendense/core';
import type { FoundMachine } from './find-machines.ts';

/** The refusal of a name that another machine has. */
export function alreadyThere(name: string): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `there is a machine ${name} in the folder already`, {
    operation: 'begin-restore',
    remedy: 'choose another name or folder, or allow it to be overwritten',
  });
}

/** A machine that runs is not replaced: rejects with `LOCKED`. */
export function refuseRunning({ name, isOff, object }: FoundMachine, operation: string): void {
  if (isOff) return;
  throw new SendenseError('LOCKED', `the machine ${name} is not off`, {
    operation,
    remedy: 'stop it, then resume the restore',
    context: { machine: object.id },
  });
}
