import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlockReader, guardReader, SendenseError } from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes, seededInteger, seededRandom } from '../../seeded.ts';
import { readRange, sampleContent } from '../block-device/block-access.ts';
import { blockReaderConformance } from '../block-device/block-reader-conformance.ts';
import type { BlockReaderCapabilities } from '../block-device/block-reader-subject.ts';
import { type ConformanceCase, type OpenedContext, type Runner, registerCases } from '../case.ts';
import { expectBytes, expectCode, settle } from '../expect.ts';

/** What a format reader offers. */
export type FormatReaderCapabilities = BlockReaderCapabilities & {
  /** The file has a structure that can be wrong. A raw file has none. */
  readonly structured: boolean;
};

/** A disk file format to be tested. */
export type FormatReaderSubject = {
  readonly name: string;
  readonly capabilities: FormatReaderCapabilities;
  /** Writes an image that holds `content` to a new file at `path`, by whatever means. */
  write(path: string, content: DiskContent): Promise<void>;
  /** Opens the image at `path`. */
  open(path: string): Promise<BlockReader>;
};

type FormatReaderContext = {
  readonly subject: FormatReaderSubject;
  /** An image that holds the sample disk. */
  readonly path: string;
  readonly content: DiskContent;
};

/** How many times an image is damaged at random. */
const DAMAGES = 60;

/** Codes by which damage may be refused. A defect of the reader (`UNEXPECTED`) is none of them. */
const REFUSALS: readonly string[] = [
  'CORRUPT',
  'FORMAT_INVALID',
  'FORMAT_UNSUPPORTED',
  'NOT_FOUND',
  'PARENT_MISSING',
  'INCOMPATIBLE',
  'RANGE_INVALID',
  'UNSUPPORTED',
  'PERMISSION_DENIED',
  'CONFIG_INVALID',
];

const structured = (capabilities: FormatReaderCapabilities): boolean => capabilities.structured;

/** The cases of every format reader besides those of a block reader, as data. */
export const formatReaderCases: readonly ConformanceCase<FormatReaderContext, FormatReaderCapabilities>[] = [
  {
    name: 'leaves the file as it is',
    clause: 'BlockReader: reading changes nothing',
    async run({ subject, path, content }) {
      const before = await readFile(path);
      const reader = guardReader(await subject.open(path));
      expectBytes(await readRange(reader), content.bytes(), 'the disk');
      await reader[Symbol.asyncDispose]();
      expectBytes(await readFile(path), before, 'the file');
    },
  },
  {
    name: 'refuses a file that is not there with NOT_FOUND',
    clause: 'errors: by cause',
    async run({ subject, path }) {
      await expectCode(() => subject.open(`${path}.none`), 'NOT_FOUND');
    },
  },
  {
    name: 'refuses an empty file and a file of anything else',
    clause: 'FORMAT_INVALID: the bytes are not a valid file of this format',
    requires: structured,
    async run({ subject, path }) {
      for (const bytes of [new Uint8Array(0), new Uint8Array(1_048_576), seededBytes(1, 4096)]) {
        await writeFile(path, bytes);
        await expectCode(() => subject.open(path), 'FORMAT_INVALID', 'FORMAT_UNSUPPORTED', 'CORRUPT');
      }
    },
  },
  {
    name: 'refuses a damaged file or reads it, and never fails in any other way',
    clause: 'parsers of foreign bytes: no crash, hang or unbounded allocation',
    requires: structured,
    async run({ subject, path }) {
      const whole = await readFile(path);
      const random = seededRandom(77);
      for (let damage = 0; damage < DAMAGES; damage++) {
        const bytes = Uint8Array.from(whole);
        const at = seededInteger(
          random,
          Math.min(bytes.byteLength, damage % 2 === 0 ? 512 : bytes.byteLength),
        );
        bytes[at] = seededInteger(random, 256);
        await expectReadOrRefused(subject, path, bytes, `byte ${at} changed`);
      }
    },
  },
  {
    name: 'refuses a file that was cut short or reads it, and never fails in any other way',
    clause: 'parsers of foreign bytes: truncation',
    requires: structured,
    async run({ subject, path }) {
      const whole = await readFile(path);
      const random = seededRandom(78);
      for (let cut = 0; cut < DAMAGES / 2; cut++) {
        const length = seededInteger(
          random,
          cut % 2 === 0 ? Math.min(4096, whole.byteLength) : whole.byteLength,
        );
        await expectReadOrRefused(subject, path, whole.subarray(0, length), `cut to ${length} bytes`);
      }
    },
  },
];

async function expectReadOrRefused(
  subject: FormatReaderSubject,
  path: string,
  bytes: Uint8Array,
  what: string,
): Promise<void> {
  await writeFile(path, bytes);
  const outcome = await settle(async () => {
    const reader = guardReader(await subject.open(path));
    try {
      if (reader.sizeBytes <= 4 * sampleContent().sizeBytes) await readRange(reader);
    } finally {
      await reader[Symbol.asyncDispose]();
    }
  });
  if (outcome.ok) return;
  const { error } = outcome;
  assert.ok(
    SendenseError.is(error) && REFUSALS.includes(error.code),
    `${what}: failed with ${String(error)}`,
  );
}

/** Registers the cases of a disk file format`s reader with a test runner. */
export function formatReaderConformance(runner: Runner, subject: FormatReaderSubject): void {
  const { name, capabilities } = subject;
  registerCases(runner, `${name}: format reader`, formatReaderCases, capabilities, () =>
    openFormatContext(subject),
  );
  blockReaderConformance(runner, {
    name,
    capabilities,
    async open(content) {
      const folder = await mkdtemp(join(tmpdir(), 'sendense-format-'));
      const path = join(folder, 'image');
      await subject.write(path, content);
      const reader = await subject.open(path);
      return {
        reader,
        async [Symbol.asyncDispose]() {
          await reader[Symbol.asyncDispose]();
          await rm(folder, { recursive: true });
        },
      };
    },
  });
}

async function openFormatContext(subject: FormatReaderSubject): Promise<OpenedContext<FormatReaderContext>> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-format-'));
  const path = join(folder, 'image');
  const content = sampleContent();
  await subject.write(path, content.snapshot());
  return { context: { subject, path, content }, close: () => rm(folder, { recursive: true }) };
}
