export { startImmutabilityModel } from './immutability-model.ts';
export { expectPutBackRefused } from './put-back.ts';
export { type FaultScript, type ScriptedProxy, startScriptedProxy } from './scripted-proxy.ts';
export {
  AZURITE,
  startAzurite,
  startS3Mock,
  startS3rver,
  startVersityGateway,
  TEST_KEYS,
} from './servers.ts';
