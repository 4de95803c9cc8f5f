import type { CardStatus } from './facts.js';

/** What a card's status means to the person it is for. */
export const CARD_PROGRESS: Readonly<Record<CardStatus, { readonly zh: string; readonly en: string }>> = {
  SUBMITTED: { zh: '申请已提交，等待审核', en: 'Applied for, waiting for review' },
  APPROVED: { zh: '审核通过，等待制卡颁发', en: 'Approved, waiting to be issued' },
  REJECTED: { zh: '审核未通过', en: 'Not approved' },
  ISSUED: { zh: '已颁发，激活后即可使用', en: 'Issued, good to use once activated' },
  ACTIVE: { zh: '正常使用', en: 'In use' },
  SUSPENDED: { zh: '已挂失，暂停使用', en: 'Reported lost, out of use' },
  REVOKED: { zh: '已收回', en: 'Withdrawn' },
};
