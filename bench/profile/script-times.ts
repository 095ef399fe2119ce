import type { Share } from './profile.ts';
import { sumByPart } from './thread-times.ts';

/** The part of V8's `.cpuprofile` that is read: samples of which node ran, and the microseconds between them. */
export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

/** Where the JavaScript thread spent its time: waiting, in Node, or in which package. */
export function scriptTimes({ nodes, samples, timeDeltas }: CpuProfile): Share[] {
  const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
  return sumByPart(
    samples.map((node, index) => ({
      part: parts.get(node) ?? 'unknown',
      seconds: (timeDeltas[index] ?? 0) / 1e6,
    })),
  );
}

/** What V8 calls the states of its thread. */
const STATES = new Map([
  ['(idle)', 'waiting'],
  ['(program)', 'native code called from JavaScript, and V8 itself'],
  ['(garbage collector)', 'garbage collection'],
]);

function partOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string {
  const state = STATES.get(functionName);
  if (state !== undefined) return state;
  if (url === '' || url.startsWith('node:')) return 'Node';
  const [, ours] = /\/packages\/([^/]+)\/dist\//.exec(url) ?? [];
  if (ours !== undefined) return ours;
  const [, scope] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  return scope ?? 'other';
}
