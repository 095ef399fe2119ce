import { SendenseError } from '../errors/sendense-error.ts';
import type { RepositoryMaintenance } from '../repository/repository-maintenance.ts';
import { retentionPolicySchema } from '../repository/retention-policy.ts';
import { checkObject, checkText } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';

/** Maintenance that is closed with its repository and never gets a policy that keeps nothing. */
export const guardMaintenance = guardOnce<RepositoryMaintenance, Gate>((inner, parent) => {
  const gate = new Gate('repository', parent);
  const consolidate = inner.consolidate?.bind(inner);
  const annotate = inner.annotate?.bind(inner);
  return {
    delete: (point, call) =>
      gate.effect(
        'delete-point',
        call,
        () => checkText(point, 'point', 'delete-point'),
        () => inner.delete(point, call),
      ),
    prune: (policy, options) =>
      gate.effect(
        'prune-points',
        options,
        () => checkPolicy(policy),
        () => inner.prune(policy, options),
      ),
    ...(consolidate && {
      consolidate: (request, call) =>
        gate.effect(
          'consolidate-point',
          call,
          () => {
            checkObject(request, 'request');
            checkText(request.point, 'request.point', 'consolidate-point');
          },
          () => consolidate(request, call),
        ),
    }),
    ...(annotate && {
      annotate: (point, change, call) =>
        gate.effect(
          'annotate-point',
          call,
          () => {
            checkText(point, 'point', 'annotate-point');
            checkObject(change, 'change');
          },
          () => annotate(point, change, call),
        ),
    }),
  };
});

function checkPolicy(policy: unknown): void {
  checkObject(policy, 'policy');
  const parsed = retentionPolicySchema.safeParse(policy);
  if (parsed.success) return;
  throw new SendenseError(
    'CONFIG_INVALID',
    `retention policy: ${parsed.error.issues[0]?.message ?? 'invalid'}`,
    {
      operation: 'prune-points',
      remedy: 'keep at least one point by one of the rules',
    },
  );
}
