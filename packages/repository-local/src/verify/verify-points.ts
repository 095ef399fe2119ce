import type { Call, Finding, VerifyScope } from '@sendense/core';
import type { LocalStore } from '../store/local-store.ts';
export async function* verifyPoints(
  _store: LocalStore,
  _scope: VerifyScope,
  _call?: Call,
): AsyncGenerator<Finding> {}
