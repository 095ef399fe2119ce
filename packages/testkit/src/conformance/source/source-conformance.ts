import { blockReaderConformance } from '../block-device/block-reader-conformance.ts';
import { type Runner, registerCases } from '../case.ts';
import { Cleanup } from '../cleanup.ts';
import { baselineCases } from './baseline-cases.ts';
import { captureCases } from './capture-cases.ts';
import { sourceHistoryCases } from './source-history-cases.ts';
import { openSourceContext, type SourceSubject } from './source-subject.ts';
import { sourceTraitCases } from './source-trait-cases.ts';

/** The cases of every source, as data. */
export const sourceCases = [...captureCases, ...baselineCases, ...sourceHistoryCases, ...sourceTraitCases];

/** Registers the cases of a source, and of the readers of its captures, with a test runner. */
export function sourceConformance(runner: Runner, subject: SourceSubject): void {
  const { name, capabilities, reader } = subject;
  registerCases(runner, `${name}: source`, sourceCases, capabilities, () => openSourceContext(subject));
  blockReaderConformance(runner, {
    name: `${name}: disk of a capture`,
    capabilities: reader,
    async open(content) {
      const cleanup = new Cleanup();
      const fixture = cleanup.add(await subject.open([content.sizeBytes]));
      for (const { offset, length, kind } of content.extents()) {
        if (kind === 'data') await fixture.write(0, offset, content.bytes({ offset, length }));
      }
      cleanup.add(fixture.source);
      const consistency = { want: 'crash', accept: 'crash' } as const;
      const request = {
        id: 'testkit-read',
        stream: 'stream-1',
        machine: fixture.machine,
        since: [],
        consistency,
      };
      const capture = cleanup.add(await fixture.source.capture(request as never));
      const [disk] = capture.disks;
      if (disk === undefined) throw new TypeError('the capture has no disk');
      return { reader: disk.reader, [Symbol.asyncDispose]: () => cleanup.close() };
    },
  });
}
