import assert from 'node:assert/strict';
import type { DiskFormat } from '@sendense/core';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { type ConformanceCase, type Runner, registerCases } from '../case.ts';
import { expectCode } from '../expect.ts';
import { converterCases } from './converter-cases.ts';
import {
  type ConverterContext,
  type ConverterSubject,
  openConverterContext,
  requestOf,
} from './converter-subject.ts';

const FORMATS: readonly DiskFormat[] = ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx'];

/** What holds for a converter as a whole. */
function wholeCases({ pairs }: ConverterSubject): readonly ConformanceCase<ConverterContext>[] {
  return [
    {
      name: 'declares its pairs',
      clause: 'FormatConverter.pairs',
      async run({ converter }) {
        assert.deepEqual(converter.pairs, pairs);
        assert.equal(converter.specificationVersion, 'v1');
      },
    },
    {
      name: 'refuses every pair that it does not declare',
      clause: 'FormatConverter.convert: requires that the pair is in `pairs`',
      async run(context) {
        const request = await requestOf(context, new DiskContent(1024 * 1024));
        const before = await context.files();
        const others = FORMATS.flatMap((from) => FORMATS.map((to) => ({ from, to }))).filter(
          ({ from, to }) => !pairs.some((pair) => pair.from === from && pair.to === to),
        );
        for (const { from, to } of others) {
          const source = { ...request.source, format: from };
          const target = { path: request.target.path, format: to };
          await expectCode(() => context.converter.convert({ ...request, source, target }), 'UNSUPPORTED');
        }
        assert.deepEqual(await context.files(), before);
      },
    },
  ];
}

/** Registers the cases of a converter, for each of its pairs, with a test runner. */
export function converterConformance(runner: Runner, subject: ConverterSubject): void {
  const [first] = subject.pairs;
  if (first === undefined) throw new TypeError('a converter without pairs has nothing to test');
  registerCases(runner, `${subject.name}: converter`, wholeCases(subject), undefined, () =>
    openConverterContext(subject, first),
  );
  for (const pair of subject.pairs) {
    const { from, to, subformat } = pair;
    const title = `${subject.name}: ${from} to ${to}${subformat === undefined ? '' : ` (${subformat})`}`;
    registerCases(runner, title, converterCases, undefined, () => openConverterContext(subject, pair));
  }
}
