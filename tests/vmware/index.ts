export { startTestVcenter, type TestVcenter, type TestVcenterOptions } from './test-vcenter.ts';
