export { createNativeDriver, findNativeDriver, type NativeChoice, plugin } from './blockio-native.ts';
export { type NativeDriverOptions, nativeDriverOptionsSchema } from './options.ts';
