import { DEFAULT_LIGHT_POLICY } from '@huicai/working-time';
import type { PolicyVersion } from './contract.js';

/** What offices that began with an earlier version 1 promised nothing about (domain.md section 2.3). */
export const LATER_LIMITS = {
  opinion: { kind: 'workingDays', days: 1 },
  callback: { kind: 'workingDays', days: 2 },
  rectification: { kind: 'workingDays', days: 5 },
} as const satisfies Partial<PolicyVersion>;

/** The limits the office starts with; every one is data of version 1 and can be replaced by a later version (domain.md section 2.3). */
export const DEFAULT_POLICY = {
  policyId: 'default',
  version: 1,
  effectiveFrom: '2024-01-01',
  calendarId: 'cn-lanshan',
  signFor: { kind: 'workingTime', minutes: 120 },
  firstContact: { kind: 'workingTime', minutes: 120 },
  ...LATER_LIMITS,
  handling: [
    { urgency: 'ENQUIRY', limit: { kind: 'workingDays', days: 1 } },
    { urgency: 'NORMAL', limit: { kind: 'workingDays', days: 5 } },
    { urgency: 'COMPLEX', limit: { kind: 'workingDays', days: 15 } },
  ],
  extension: { times: 1, maxWorkingDays: 10, totalMaxWorkingDays: 30 },
  returnWindow: { workingDays: 1, hardStopWorkingDays: 2 },
  ratingWindow: { workingDays: 5 },
  lights: DEFAULT_LIGHT_POLICY,
  attentionLine: 0.7,
} as const satisfies PolicyVersion;
