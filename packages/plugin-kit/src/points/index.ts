export { type ListedPoint, matchesFilter, oldestFirst } from './point-list.ts';
export { pointArtifactShape, pointDiskShape, pointShape } from './point-shapes.ts';
export { retainedPoints } from './retained-points.ts';
