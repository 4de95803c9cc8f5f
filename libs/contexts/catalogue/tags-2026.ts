import type { Tag } from './contract.js';

/** The first tags: words the office sorts cases by, its own working assumption until it publishes others. */
export const TAGS_2026: readonly Tag[] = [
  { code: 'visit', name: '走访收集' },
  { code: 'enterprise', name: '助企专家' },
  { code: 'child-schooling', name: '子女上学' },
  { code: 'spouse-work', name: '配偶就业' },
  { code: 'policy-gap', name: '政策空白' },
  { code: 'cross-department', name: '跨部门协调' },
  { code: 'media', name: '舆情关注' },
  { code: 'typical', name: '典型案例' },
];

export const TAGS_FROM = '2024-01-01';
