export type { PropertyPaths } from './filter-spec.ts';
export type { ObjectProperties } from './object-properties.ts';
export { type ListOptions, listObjects, readProperties } from './read-properties.ts';
export { runTask, type TaskCall, waitForTask } from './wait-for-task.ts';
