export { type ChangeId, parseChangeId } from './change-id.ts';
export { setChangeTracking } from './change-tracking.ts';
export { AREAS_IN_USE, type ChangedAreasRequest, queryChangedAreas } from './changed-areas.ts';
