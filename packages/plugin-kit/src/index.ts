export * from './config/index.ts';
export * from './digest/index.ts';
export * from './errors/index.ts';
export { createProcessFence, isHolderAlive, processHolder } from './fence/process-fence.ts';
export { soloFence } from './fence/solo-fence.ts';
export * from './files/index.ts';
export * from './flow/index.ts';
