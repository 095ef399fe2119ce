/**
 * Plays the story as a process of its own, so that its sessions are dead when a cut is opened. Arguments: folder, log of
 * the recorded disk, seed, and the ordinals of syncs to drop (`3,7`, or `all`). Prints one JSON line per step.
 */
import { stat } from 'node:fs/promises';
import { createFileDriver } from '@sendense/blockio-file';
import { findNativeDriver } from '@sendense/blockio-native';
import { readNativeMode } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem } from '@sendense/testkit';
import { type Chapter, playStory } from './story.ts';

const [folder = '', log = '', seed = '1', dropped = ''] = process.argv.slice(2);
const drop = new Set(dropped.split(','));
const syncs: string[] = [];
const dropping = droppingSyncFileSystem(nodeFileSystem, (operation, ordinal) => {
  syncs[ordinal] = `${operation.kind} ${operation.path.slice(folder.length)}`;
  return drop.has('all') || drop.has(String(ordinal));
});
// Syncs go through the seam and can be dropped; what a driver writes goes to the recorded disk past it.
const fileSystem = { ...dropping, endpoint: (path: string) => ({ kind: 'file', path }) as const };
const driver = findNativeDriver(readNativeMode()).driver ?? createFileDriver();
const copy = { driver, file: `${log}.source` };
const done = async (chapter: Chapter): Promise<void> => {
  const { size } = await stat(log);
  process.stdout.write(`${JSON.stringify({ ...chapter, position: size, syncs: syncs.length - 1 })}\n`);
};
await playStory(folder, fileSystem, Number(seed), done, copy);
process.stdout.write(`${JSON.stringify({ syncs, driver: driver.name })}\n`);
