export * from './config/index.ts';
export * from './digest/index.ts';
export * from './errors/index.ts';
export { soloFence } from './fence/solo-fence.ts';
export * from './files/index.ts';
export * from './flow/index.ts';
