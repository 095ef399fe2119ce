import type { Curve, CurvePoint } from '../curves/curve.ts';

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 56;
const RIGHT = 16;
const TOP = 40;
const BOTTOM = 56;
const STEPS = 4;

const SERIES = [
  { of: 'seconds', label: 'wall time', colour: '#1f77b4' },
  { of: 'cpuSeconds', label: 'processor time', colour: '#d62728' },
] as const;

/** A curve as an SVG picture: seconds over a logarithmic axis of what grows. */
export function curvePicture({ title, xLabel, points }: Curve): string {
  const most = niceMost(Math.max(...points.flatMap(({ seconds, cpuSeconds }) => [seconds, cpuSeconds])));
  const x = scaleX(points.map((point) => point.x));
  const y = (seconds: number) => round(HEIGHT - BOTTOM - (seconds / most) * (HEIGHT - BOTTOM - TOP));
  const parts = [
    text(WIDTH / 2, 20, title, 'middle', 14),
    ...gridLines(most, y),
    ...points.map((point) => text(x(point.x), HEIGHT - BOTTOM + 16, shortNumber(point.x), 'middle')),
    text(WIDTH / 2, HEIGHT - 10, xLabel, 'middle'),
    ...SERIES.flatMap(({ of, colour }) => line(points, (point) => [x(point.x), y(point[of])], colour)),
    ...SERIES.map(({ label, colour }, index) =>
      text(LEFT + 8, TOP + 12 + 14 * index, label, 'start', 11, colour),
    ),
  ];
  const size = `width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif">
<title>${escapeText(title)}</title>
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`;
}

/** Places values on the horizontal axis by their logarithm; a single one in the middle. */
function scaleX(values: readonly number[]): (value: number) => number {
  const low = Math.log(Math.min(...values));
  const span = Math.log(Math.max(...values)) - low;
  const room = WIDTH - LEFT - RIGHT - 40;
  return (value) => round(LEFT + 20 + (span === 0 ? 0.5 : (Math.log(value) - low) / span) * room);
}

/** The next of 1, 2, 5, 10 … that is not below `value`. */
function niceMost(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  const nice = [1, 2, 5, 10].find((step) => step * power >= value) ?? 10;
  return nice * power;
}

function gridLines(most: number, y: (seconds: number) => number): string[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const seconds = (most * step) / STEPS;
    const at = y(seconds);
    const rule = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/>`;
    return `${rule}\n${text(LEFT - 6, at + 4, `${shortNumber(seconds)} s`, 'end')}`;
  });
}

function line(
  points: readonly CurvePoint[],
  place: (point: CurvePoint) => readonly [number, number],
  colour: string,
): string[] {
  const places = points.map(place);
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`);
  const path = places.map(([x, y]) => `${x},${y}`).join(' ');
  return [`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`, ...dots];
}

function text(x: number, y: number, words: string, anchor: string, size = 11, colour = '#333'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${colour}">${escapeText(words)}</text>`;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
