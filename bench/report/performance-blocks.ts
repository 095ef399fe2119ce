import { type GeneratedBlock, table } from '../../tools/docs/generated-blocks.ts';
import type { Curve, CurvePoint } from '../curves/curve.ts';
import type { Profile, Share } from '../profile/profile.ts';
import { barText, judged, quantity, variantText } from './print-table.ts';
import type { RecordedResult, Records } from './store.ts';

const GIB = 2 ** 30;
const NOTHING = 'Nothing was measured yet.';
/** Parts of a profile below this share of the time are left out. */
const LEAST_SHARE = 0.005;

/** The generated parts of `docs/performance.md`. */
export function performanceBlocks(
  records: Records,
  reasons: Readonly<Record<string, string>>,
): GeneratedBlock[] {
  return [
    { name: 'machine', text: machineText(records) },
    { name: 'rows', text: rowsText(records.results) },
    { name: 'not-measured', text: notMeasuredText(records.results) },
    { name: 'missed', text: missedText(records.results, reasons) },
    { name: 'commands', text: commandsText(records.results) },
    { name: 'curves', text: records.curves.map(curveText).join('\n\n') || NOTHING },
    { name: 'profile', text: records.profile === null ? NOTHING : profileText(records.profile) },
  ];
}

/** Where the picture of a curve lies, from `docs`. */
export function picturePath({ name }: Pick<Curve, 'name'>): string {
  return `pictures/performance-${name}.svg`;
}

function machineText({ machine, versions }: Records): string {
  if (machine === null) return NOTHING;
  const { cpu, cores, memoryBytes, kernel, system } = machine;
  const memory = (memoryBytes / GIB).toFixed(0);
  const programs = Object.entries(versions).map(([name, version]) => [`\`${name}\``, version]);
  const computer = `${cores} cores (${cpu}), ${memory} GiB of memory, ${system}, Linux ${kernel}.`;
  return `${computer}\n\n${table(['program', 'version'], programs)}`;
}

function rowsText(results: readonly RecordedResult[]): string {
  const rows = results.filter(({ reason }) => reason === null).map(rowCells);
  if (rows.length === 0) return NOTHING;
  const head = ['row', 'variant', 'ours', 'peer', 'limit', 'ratio or value (90 % interval)', 'bar', 'met'];
  return table([...head, 'size', 'pairs', 'peak memory, ours / peer'], rows);
}

function rowCells(result: RecordedResult): string[] {
  const { name, ours, theirs, unit, limit, met, sizeBytes = 0, pairs = 0 } = result;
  const { ourPeakBytes, theirPeakBytes } = result;
  const peaks =
    ourPeakBytes === undefined
      ? '–'
      : `${quantity(ourPeakBytes, 'bytes')} / ${quantity(theirPeakBytes, 'bytes')}`;
  return [
    `\`${name}\``,
    variantText(result),
    quantity(ours, unit),
    quantity(theirs, unit),
    quantity(limit, 's'),
    judged(result),
    barText(result),
    met === null ? '–' : met ? 'yes' : '**no**',
    sizeText(sizeBytes),
    String(pairs),
    peaks,
  ];
}

function sizeText(bytes: number): string {
  return bytes >= GIB ? `${Number((bytes / GIB).toFixed(2))} GiB` : `${bytes / 2 ** 20} MiB`;
}

function notMeasuredText(results: readonly RecordedResult[]): string {
  const names = new Map<string, string[]>();
  for (const { name, reason } of results) {
    if (reason !== null) names.set(reason, [...(names.get(reason) ?? []), name]);
  }
  if (names.size === 0) return 'Every row that was asked for was measured.';
  const list = [...names].map(([reason, rows]) => [rows.map((row) => `\`${row}\``).join(' '), reason]);
  return table(['rows', 'why not'], list);
}

function missedText(results: readonly RecordedResult[], reasons: Readonly<Record<string, string>>): string {
  const missed = [...new Set(results.filter(({ met }) => met === false).map(({ name }) => name))];
  if (missed.length === 0) return 'No row that was measured misses its bar.';
  return table(
    ['row', 'why'],
    missed.map((name) => [`\`${name}\``, reasons[name] ?? 'not explained yet']),
  );
}

function commandsText(results: readonly RecordedResult[]): string {
  const seen = new Map<string, string>();
  for (const { name, peer, ourCommand, theirCommand, note } of results) {
    const key = [name, peer].filter((part) => part !== undefined).join(', ');
    if (ourCommand === undefined || seen.has(key)) continue;
    const lines = [
      `- \`${key}\`${note === undefined ? '' : `: ${note}`}`,
      `  - ours: \`${ourCommand}\``,
      ...(theirCommand === undefined ? [] : [`  - peer: \`${theirCommand}\``]),
    ];
    seen.set(key, lines.join('\n'));
  }
  return [...seen.values()].join('\n') || NOTHING;
}

function curveText(curve: Curve): string {
  const rows = curve.points.map((point) => curveCells(point));
  const head = [curve.xLabel, 'wall time', 'processor time', 'peak memory'];
  const how = `Disk of ${sizeText(curve.sizeBytes)}, medians of ${curve.runs} runs.`;
  return `### ${curve.title}\n\n![${curve.title}](${picturePath(curve)})\n\n${how}\n\n${table(head, rows)}`;
}

function curveCells({ x, seconds, cpuSeconds, peakBytes }: CurvePoint): string[] {
  const value = String(Number(x.toPrecision(4)));
  return [value, quantity(seconds, 's'), quantity(cpuSeconds, 's'), quantity(peakBytes, 'bytes')];
}

function profileText(profile: Profile): string {
  const { sizeBytes, command, wallSeconds, backupSeconds, threads, script } = profile;
  const shares = (parts: readonly Share[]) =>
    parts
      .filter(({ seconds }) => seconds >= LEAST_SHARE * wallSeconds)
      .map(({ part, seconds }) => [part, quantity(seconds, 's')]);
  return [
    `\`${command}\`, ${sizeText(sizeBytes)} of random bytes: ${quantity(wallSeconds, 's')} from start to end of the program with the profiler on, ${quantity(backupSeconds, 's')} of them the backup.`,
    table(['threads', 'processor time'], shares(threads)),
    table(['the JavaScript thread', 'time'], shares(script)),
  ].join('\n\n');
}
