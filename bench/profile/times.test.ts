import { expect, test } from 'vitest';
import { scriptTimes } from './script-times.ts';
import { sumByPart, threadTime } from './thread-times.ts';

test('the time of a thread is that of its code and of the kernel for it; the number of a pool thread is dropped', () => {
  const fields = ['S', ...Array.from({ length: 10 }, () => '0'), '150', '50', '0'].join(' ');
  expect(threadTime(`12 (libuv (x) 3) ${fields}`)).toEqual({ part: 'libuv (x)', seconds: 2 });
  expect(threadTime('')).toBeUndefined();
});

test('parts are added up, the most first, without those that took nothing', () => {
  const shares = [
    { part: 'a', seconds: 1 },
    { part: 'b', seconds: 3 },
    { part: 'a', seconds: 1 },
    { part: 'c', seconds: 0 },
  ];
  expect(sumByPart(shares)).toEqual([
    { part: 'b', seconds: 3 },
    { part: 'a', seconds: 2 },
  ]);
});

test('samples of the JavaScript thread are told by package, Node and waiting', () => {
  const frame = (functionName: string, url = '') => ({ callFrame: { functionName, url } });
  const nodes = [
    { id: 1, ...frame('(idle)') },
    { id: 2, ...frame('read', 'file:///x/packages/engine/dist/index.js') },
    { id: 3, ...frame('parse', 'file:///x/node_modules/.pnpm/zod@4/node_modules/zod/index.js') },
    { id: 4, ...frame('emit', 'node:events') },
  ];
  const profile = { nodes, samples: [1, 2, 3, 4], timeDeltas: [4e6, 3e6, 2e6, 1e6] };
  expect(scriptTimes(profile).map(({ part }) => part)).toEqual(['waiting', 'engine', 'zod', 'Node']);
});
