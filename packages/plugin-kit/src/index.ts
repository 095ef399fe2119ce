export * from './digest/index.ts';
export * from './files/index.ts';
