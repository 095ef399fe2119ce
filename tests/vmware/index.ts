export { startTestVcenter, type TestVcenter, type TestVcenterOptions } from './test-vcenter.ts';
export { variableStore } from './variable-store.ts';
