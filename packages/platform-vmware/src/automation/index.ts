export type { AutomationRequest } from './automation-paths.ts';
export { type AutomationAsk, inAutomationSession } from './automation-session.ts';
export { isGoneThere } from './map-automation-status.ts';
