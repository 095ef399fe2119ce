export { createSecrets, readSecretFile, type SecretSources } from './create-secrets.ts';
export { type Environment, processEnvironment } from './environment.ts';
export { holdsUserinfo } from './holds-userinfo.ts';
export { type NativeMode, readNativeMode } from './native-mode.ts';
export { parseOptions } from './parse-options.ts';
export { readConfig } from './read-config.ts';
