import assert from 'node:assert/strict';
import type { ByteRange } from '@sendense/core';

/** Fails unless `parts` are ascending, not empty, and cover `range` exactly without gap or overlap. */
export function expectCover(parts: readonly ByteRange[], range: ByteRange): void {
  let reached = range.offset;
  for (const { offset, length } of parts) {
    assert.equal(
      offset,
      reached,
      offset > reached ? `a gap from ${reached} to ${offset}` : `an overlap at ${offset}`,
    );
    assert.ok(length > 0, `an empty part at ${offset}`);
    reached = offset + length;
  }
  assert.equal(reached, range.offset + range.length, `covered to ${reached}`);
}
