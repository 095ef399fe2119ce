import assert from 'node:assert/strict';
import { planId, restorePlanSchema, type TargetCapabilities } from '@sendense/core';
import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import { planOf, restoreRequest, runOf } from './restore-work.ts';
import type { TargetContext } from './target-subject.ts';

type TargetCase = ConformanceCase<TargetContext, TargetCapabilities>;

/** What is answered before anything is written. */
export const checkCases: readonly TargetCase[] = [
  {
    name: 'declares the capabilities of its manifest',
    clause: 'TargetConnector.capabilities',
    async run({ target, capabilities }) {
      assert.deepEqual(target.capabilities, capabilities);
      assert.equal(target.specificationVersion, 'v1');
      assert.ok(target.platform.length > 0 && capabilities.into.length > 0);
    },
  },
  {
    name: 'checks a request without writing anything',
    clause: 'TargetConnector.check: write nothing',
    async run(context) {
      const before = await context.objects();
      await context.target.check(restoreRequest(context));
      assert.deepEqual(await context.objects(), before);
    },
  },
  {
    name: 'gives every property of the machine an outcome',
    clause: 'TargetConnector.check: give every property an outcome',
    async run(context) {
      const { properties } = await context.target.check(restoreRequest(context));
      const told = properties.map(({ property }) => property.split(/[.[]/)[0] ?? '');
      for (const property of ['name', 'firmware', 'architecture', 'disks', 'nics']) {
        assert.ok(told.includes(property), `no outcome for ${property}`);
      }
      for (const { property, outcome, to } of properties) {
        assert.equal(outcome === 'lost', to === null, `${property}: lost means that nothing is left`);
      }
    },
  },
  {
    name: 'gives a plan that survives JSON, fits its capabilities and names every disk',
    clause: 'TargetConnector.check: give a plan when, and only when, compatible',
    async run(context) {
      const report = await context.target.check(restoreRequest(context));
      assert.equal(report.compatible, report.plan !== null);
      assert.equal(
        report.compatible,
        report.findings.every(({ severity }) => severity !== 'error'),
      );
      const plan = await planOf(context);
      assert.deepEqual(restorePlanSchema.parse(JSON.parse(JSON.stringify(plan))), plan);
      const { sizeMultipleBytes, minDiskBytes, maxDiskBytes } = context.capabilities;
      for (const { sizeBytes, targetSizeBytes, location } of plan.disks) {
        assert.ok(targetSizeBytes >= Math.max(sizeBytes, minDiskBytes) && targetSizeBytes <= maxDiskBytes);
        assert.equal(targetSizeBytes % sizeMultipleBytes, 0);
        assert.ok(location.length > 0);
      }
      assert.notEqual((await planOf(context)).id, plan.id, 'each plan has an id of its own');
    },
  },
  {
    name: 'finds a disk that is too large incompatible, and gives no plan',
    clause: 'TargetCapabilities.maxDiskBytes; TargetConnector.check',
    requires: ({ maxDiskBytes }) => maxDiskBytes < Number.MAX_SAFE_INTEGER - 4096,
    async run(context) {
      const request = restoreRequest(context);
      const disks = request.disks.map((disk) => ({
        ...disk,
        sizeBytes: context.capabilities.maxDiskBytes + 512,
      }));
      const report = await context.target.check({ ...request, disks });
      assert.deepEqual([report.compatible, report.plan], [false, null]);
      assert.ok(report.findings.some(({ severity, disk }) => severity === 'error' && disk !== undefined));
    },
  },
  {
    name: 'finds a way of restoring that it does not offer incompatible, and refuses to begin it',
    clause: 'TargetCapabilities.into',
    requires: ({ into }) => !into.includes('existing-disks'),
    async run(context) {
      const report = await context.target.check(restoreRequest(context, { into: 'existing-disks' }));
      assert.deepEqual([report.compatible, report.plan], [false, null]);
      const plan = { ...(await planOf(context)), id: planId('other-way'), into: 'existing-disks' as const };
      await expectCode(() => context.target.begin(plan, runOf()), 'UNSUPPORTED');
    },
  },
  {
    name: 'estimates what it costs',
    clause: 'TargetCapabilities.cost',
    requires: ({ cost }) => cost,
    inverse: {
      name: 'gives no cost that it cannot know',
      async run(context) {
        assert.equal((await context.target.check(restoreRequest(context))).cost, undefined);
      },
    },
    async run(context) {
      const { cost } = await context.target.check(restoreRequest(context));
      assert.ok(cost !== undefined && cost.once >= 0 && cost.perMonth >= 0 && cost.currency.length === 3);
    },
  },
  {
    name: 'offers replicas exactly when it says so',
    clause: 'TargetConnector.replicas',
    async run({ target, capabilities }) {
      assert.equal(target.replicas !== undefined, capabilities.replica !== false);
    },
  },
];
