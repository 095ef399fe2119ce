import { callService } from '@sendense/nbd-service';
import { describeExports, exportLines } from '../output/describe-exports.ts';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { exportOptions } from '../session/export-place.ts';
import { whereRunning } from '../session/export-service.ts';
import { defineVerb } from '../verb.ts';

/** `export list` */
export const exportList = defineVerb({
  words: ['export', 'list'],
  summary: 'list what is exported now, and what was refused',
  flags: (command) => command,
  async run(session) {
    const { directory } = exportOptions(session);
    const report = await whereRunning(callService(directory, 'list', session.call));
    const { exports = [], findings = [] } = report ?? {};
    return {
      json: {
        exports: describeExports(exports),
        running: report !== undefined,
        findings: describeFindings(findings),
      },
      lines: [
        ...(report === undefined ? ['no NBD service runs'] : exportLines(exports)),
        ...findingLines(findings),
      ],
    };
  },
});
