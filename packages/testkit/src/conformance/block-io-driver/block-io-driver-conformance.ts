import { blockReaderConformance } from '../block-device/block-reader-conformance.ts';
import { blockWriterConformance } from '../block-device/block-writer-conformance.ts';
import { type Runner, registerCases } from '../case.ts';
import { Cleanup } from '../cleanup.ts';
import { type BlockIoDriverSubject, openDriverContext } from './block-io-driver-subject.ts';
import { driverCases } from './transfer-cases.ts';

/** The cases of every block-IO driver, as data. */
export const blockIoDriverCases = driverCases;

/** Registers the cases of a driver, and of the readers and writers it opens, with a test runner. */
export function blockIoDriverConformance(runner: Runner, subject: BlockIoDriverSubject): void {
  const { name, capabilities } = subject;
  registerCases(runner, `${name}: block-IO driver`, blockIoDriverCases, capabilities, () =>
    openDriverContext(subject),
  );
  blockReaderConformance(runner, {
    name: `${name}: reader of an endpoint`,
    capabilities: capabilities.reader,
    async open(content) {
      const cleanup = new Cleanup();
      const { driver, endpoint } = cleanup.add(await subject.open());
      const reader = cleanup.add(await driver.openReader(await endpoint(content)));
      return { reader, [Symbol.asyncDispose]: () => cleanup.close() };
    },
  });
  blockWriterConformance(runner, {
    name: `${name}: writer of an endpoint`,
    capabilities: capabilities.writer,
    async open(_, base) {
      const cleanup = new Cleanup();
      const { driver, endpoint, stored } = cleanup.add(await subject.open());
      const at = await endpoint(base);
      const writer = cleanup.add(await driver.openWriter(at));
      return { writer, stored: () => stored(at), [Symbol.asyncDispose]: () => cleanup.close() };
    },
  });
}
