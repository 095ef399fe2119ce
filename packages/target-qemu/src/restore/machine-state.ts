import { type RestorePlan, SendenseError } from '@sendense/core';
import { markedPlan } from '../design/plan-mark.ts';
import { type HostDomain, isOff } from '../host/libvirt-host.ts';

/** The refusal of a name that another domain has. */
export function exists(name: string): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `libvirt has a domain ${name} already`, {
    operation: 'begin-restore',
    remedy: 'choose another name, or allow it to be overwritten',
  });
}

/** The disks of a machine that runs are not replaced, and its definition neither: rejects with `LOCKED`. */
export function refuseRunning(found: HostDomain, operation: string): void {
  if (isOff(found)) return;
  throw new SendenseError('LOCKED', `the domain ${found.domain.name} is ${found.state}`, {
    operation,
    remedy: 'stop it, then resume the restore',
    context: { domain: found.domain.name, state: found.state },
  });
}

/** Whether the domain is the one of the plan, made by this or an earlier attempt. */
export function isOurs(found: HostDomain | undefined, plan: RestorePlan): boolean {
  return found !== undefined && markedPlan(found.xml) === plan.id;
}
