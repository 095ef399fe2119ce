import assert from 'node:assert/strict';
import type { Progress } from '@sendense/core';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes } from '../../seeded.ts';
import { sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectBytes, expectCode, quiet } from '../expect.ts';
import { type ConverterContext, requestOf } from './converter-subject.ts';

/** A disk as any format can hold it: whole mebibytes. */
function disk(): DiskContent {
  const content = sampleContent();
  content.resize(4 * 1024 * 1024);
  content.write(3 * 1024 * 1024, seededBytes(77, 8192));
  return content;
}

/** Conversions of one pair. */
export const converterCases: readonly ConformanceCase<ConverterContext>[] = [
  {
    name: 'gives a target that reads the same, and tells what it is',
    clause: 'FormatConverter.convert: give a target that reads the same; ConvertResult',
    async run(context) {
      const content = disk();
      const request = await requestOf(context, content);
      const result = await context.converter.convert(request);
      const bytes = await context.read(request.target.path, request.target.format);
      expectBytes(bytes.subarray(0, content.sizeBytes), content.bytes(), 'the target');
      assert.equal(result.format, context.pair.to);
      if (context.pair.subformat !== undefined) assert.equal(result.subformat, context.pair.subformat);
      assert.equal(result.virtualSizeBytes, bytes.byteLength);
      assert.ok(result.fileSizeBytes > 0);
    },
  },
  {
    name: 'converts a disk of zeros alone',
    clause: 'FormatConverter.convert: give a target that reads the same',
    async run(context) {
      const request = await requestOf(context, new DiskContent(1024 * 1024));
      await context.converter.convert(request);
      const bytes = await context.read(request.target.path, request.target.format);
      assert.ok(bytes.byteLength >= 1024 * 1024 && bytes.every((byte) => byte === 0));
    },
  },
  {
    name: 'leaves the source as it is, and nothing beside the target',
    clause: 'FormatConverter.convert: leave the source as it is; leave no partial target',
    async run(context) {
      const request = await requestOf(context, disk());
      const before = await context.files();
      await context.converter.convert(request);
      const after = new Map(await context.files());
      assert.deepEqual(
        [...after].filter(([name]) => before.has(name)),
        [...before],
      );
      assert.ok(after.size > before.size);
      assert.ok([...after.keys()].every((name) => before.has(name) || name.includes('target')));
      assert.ok(![...after.keys()].some((name) => name.includes('partial')));
    },
  },
  {
    name: 'refuses a target that is there, and leaves it as it is',
    clause: 'FormatConverter.convert: reject with ALREADY_EXISTS unless `overwrite`',
    async run(context) {
      const request = await requestOf(context, disk());
      await context.converter.convert(request);
      const before = await context.files();
      await expectCode(() => context.converter.convert(request), 'ALREADY_EXISTS');
      assert.deepEqual(await context.files(), before);
    },
  },
  {
    name: 'replaces a target when it is told to',
    clause: 'ConvertRequest.overwrite',
    async run(context) {
      const first = await requestOf(context, new DiskContent(1024 * 1024));
      await context.converter.convert(first);
      const content = disk();
      const second = await requestOf(context, content);
      await context.converter.convert({ ...second, overwrite: true });
      const bytes = await context.read(second.target.path, second.target.format);
      expectBytes(bytes.subarray(0, content.sizeBytes), content.bytes(), 'the replaced target');
    },
  },
  {
    name: 'leaves a complete target or none when it is aborted, and what was there before',
    clause: 'FormatConverter.convert: leave no partial target under its final name; Call.signal',
    async run(context) {
      const request = await requestOf(context, disk());
      const before = await context.files();
      const refused = () => context.converter.convert(request, { signal: AbortSignal.abort() });
      await expectCode(refused, 'ABORTED');
      assert.deepEqual(await context.files(), before);
      const outcome = await abortDuring((call) => context.converter.convert(request, call));
      await quiet();
      if (outcome === 'aborted') assert.deepEqual(await context.files(), before);
    },
  },
  {
    name: 'is stopped from its own report in mid-copy, and leaves what was there before',
    clause: 'Call.signal: reject with ABORTED; FormatConverter.convert: leave no partial target',
    async run(context) {
      const request = await requestOf(context, disk());
      const before = await context.files();
      const stop = new AbortController();
      const call = { signal: stop.signal, onProgress: () => stop.abort() };
      await expectCode(() => context.converter.convert(request, call), 'ABORTED');
      await quiet();
      assert.deepEqual(await context.files(), before);
    },
  },
  {
    name: 'tells how far it is, never back, up to the whole disk',
    clause: 'Call.onProgress; Progress: `done` never goes back',
    async run(context) {
      const content = disk();
      const request = await requestOf(context, content);
      const told: Progress[] = [];
      await context.converter.convert(request, { onProgress: (progress) => void told.push(progress) });
      const done = told.map((progress) => progress.done);
      assert.deepEqual(
        done,
        done.toSorted((a, b) => a - b),
      );
      const total = content.sizeBytes;
      assert.deepEqual(told.at(-1), { done: total, total, unit: 'bytes' });
    },
  },
  {
    name: 'refuses a source that is not there, and makes nothing',
    clause: 'FormatConverter.convert: leave no partial target',
    async run(context) {
      const request = await requestOf(context, disk());
      const before = await context.files();
      const missing = { ...request, source: { ...request.source, path: context.path('never-made') } };
      await expectCode(() => context.converter.convert(missing), 'NOT_FOUND');
      await expectCode(() => context.converter.requiredSpace(missing), 'NOT_FOUND');
      assert.deepEqual(await context.files(), before);
    },
  },
  {
    name: 'says beforehand no less space than the target then takes, and changes nothing for it',
    clause: 'FormatConverter.requiredSpace: never be below what `convert` then takes; change nothing',
    async run(context) {
      const request = await requestOf(context, disk());
      const before = await context.files();
      const space = await context.converter.requiredSpace(request);
      assert.deepEqual(await context.files(), before);
      const { fileSizeBytes } = await context.converter.convert(request);
      assert.ok(space >= fileSizeBytes, `${space} bytes were asked for, ${fileSizeBytes} were taken`);
    },
  },
  {
    name: 'estimates a time, says what it rests on, and changes nothing for it',
    clause: 'FormatConverter.estimateTime: change nothing; Duration',
    async run(context) {
      const request = await requestOf(context, disk());
      const before = await context.files();
      const { milliseconds, basis } = await context.converter.estimateTime(request);
      assert.ok(Number.isFinite(milliseconds) && milliseconds >= 0);
      assert.ok(basis === 'measured' || basis === 'assumed');
      assert.deepEqual(await context.files(), before);
    },
  },
];
