import { clockCases } from './clock-cases.ts';
import { createCases } from './create-cases.ts';
import { deleteCases } from './delete-cases.ts';
import { listCases } from './list-cases.ts';
import { lockCases } from './lock-cases.ts';
import { readCases } from './read-cases.ts';
import type { StoreCase } from './store-case.ts';

/** Every promise of `ObjectStore` that can be tried from outside. */
export const storeCases: readonly StoreCase[] = [
  ...createCases,
  ...readCases,
  ...listCases,
  ...deleteCases,
  ...clockCases,
  ...lockCases,
];
