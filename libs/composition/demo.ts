import { systemCommandId } from '@huicai/kernel';

/** Ids of the people the demo accounts belong to; the reference year makes them, so that each account has something to see. */
export const DEMO_TALENT_ID = systemCommandId('demo', 'talent');
export const DEMO_SPECIALIST_ID = systemCommandId('demo', 'specialist');
/** The department of the demo specialist and of the demo department account: 人力资源和社会保障局. */
export const DEMO_DEPARTMENT_ID = 'rsj';

/** The employer of the demo employer account and of the demo talent, under a made-up code. */
export const DEMO_EMPLOYER_ID = '91371302MA0000000G';

/** One password for all of them: they exist only behind loopback, on data that is made up. */
export const DEMO_PASSWORD = 'huicai-demo';

export const DEMO_USERS = [
  { login: 'talent', role: 'talent', talentId: DEMO_TALENT_ID },
  { login: 'employer', role: 'employer', employerId: DEMO_EMPLOYER_ID },
  { login: 'window', role: 'window' },
  { login: 'department', role: 'department', departmentId: DEMO_DEPARTMENT_ID },
  { login: 'specialist', role: 'specialist', departmentId: DEMO_DEPARTMENT_ID, specialistId: DEMO_SPECIALIST_ID },
  { login: 'supervisor', role: 'supervisor' },
  { login: 'auditor', role: 'auditor' },
  { login: 'venue', role: 'venue' },
  { login: 'admin', role: 'admin' },
] as const;
