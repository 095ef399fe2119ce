export { lockCases } from './lock-cases.ts';
export type { StoreCase, StoreContext, ValidationSizes } from './store-case.ts';
export { storeCases } from './store-cases.ts';
export {
  type CaseReport,
  type StoreReport,
  USUAL_SIZES,
  type ValidateOptions,
  validateStore,
} from './validate-store.ts';
