/**
 * Plays the story as a process of its own, so that its sessions are dead when a cut is opened. Arguments: folder, log of
 * the recorded disk, seed, and the ordinals of syncs to drop (`3,7`, or `all`). Prints one JSON line per step.
 */
import { stat } from 'node:fs/promises';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { droppingSyncFileSystem } from '@sendense/testkit';
import { playStory } from './story.ts';

const [folder = '', log = '', seed = '1', dropped = ''] = process.argv.slice(2);
const drop = new Set(dropped.split(','));
const syncs: string[] = [];
const fileSystem = droppingSyncFileSystem(nodeFileSystem, (operation, ordinal) => {
  syncs[ordinal] = `${operation.kind} ${operation.path.slice(folder.length)}`;
  return drop.has('all') || drop.has(String(ordinal));
});
await playStory(folder, fileSystem, Number(seed), async (chapter) => {
  const { size } = await stat(log);
  process.stdout.write(`${JSON.stringify({ ...chapter, position: size, syncs: syncs.length - 1 })}\n`);
});
process.stdout.write(`${JSON.stringify({ syncs })}\n`);
