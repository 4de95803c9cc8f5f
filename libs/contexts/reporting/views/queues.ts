/** What a queue asks of a row; `now` and the bounds of today are names of parameters. */
interface QueueParameters {
  readonly now: string;
  readonly today: string;
  readonly tomorrow: string;
}

interface Queue {
  readonly zh: string;
  readonly en: string;
  readonly where: (of: QueueParameters) => string;
}

/** The named queues of the desk. Each is answered by an index of the view: whoever adds one looks at both. */
export const QUEUES = {
  'to-dispatch': { zh: '待派单', en: 'To dispatch', where: () => "open and status = 'ACCEPTED'" },
  returned: { zh: '退单待处理', en: 'Returned by a department', where: () => "open and status = 'ACCEPTED' and returned" },
  'to-sign-for': { zh: '待签收', en: 'To sign for', where: () => "open and status = 'DISPATCHED'" },
  'due-today': {
    zh: '今日到期',
    en: 'Due today',
    where: ({ today, tomorrow }) =>
      `open and coalesce(due_at, 'infinity') >= ${today} and coalesce(due_at, 'infinity') < ${tomorrow}`,
  },
  yellow: { zh: '黄灯', en: 'Yellow', where: ({ now }) => `open and yellow_at <= ${now} and red_at >= ${now}` },
  red: { zh: '红灯', en: 'Red', where: ({ now }) => `open and red_at < ${now}` },
  'waiting-for-talent': { zh: '等待来访人', en: 'Waiting for the talent', where: () => 'open and paused' },
  'talent-wrote': { zh: '来访人留言待回复', en: 'The talent wrote', where: () => 'talent_wrote_at is not null' },
  'to-call-back': { zh: '待回访', en: 'To call back', where: () => "open and status = 'RESULT_ACCEPTED' and not called_back" },
  dissatisfied: { zh: '不满意', en: 'Dissatisfied', where: () => 'dissatisfied' },
  supervised: { zh: '督办中', en: 'Under supervision', where: () => 'supervised' },
  'reopened-twice': { zh: '重办两次以上', en: 'Reopened twice or more', where: () => 'cycle >= 3' },
} as const satisfies Readonly<Record<string, Queue>>;

export type QueueName = keyof typeof QUEUES;
export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

const ALL = "coalesce(due_at, 'infinity'), case_id";

/** Indexes the named queues are read by, each as a whole and for one department; rare ones are counted without a look at their rows. */
export const QUEUE_INDEXES: readonly string[] = [
  `(status, ${ALL}) where open`,
  `(department_id, status, ${ALL}) where open`,
  '(red_at, yellow_at) where open',
  '(department_id, red_at, yellow_at) where open',
  ...['open and paused', 'talent_wrote_at is not null', 'dissatisfied', 'supervised', 'cycle >= 3'].map(
    (rare) => `(${ALL}) include (department_id, specialist_id) where ${rare}`,
  ),
  "using gin (co_department_ids) where co_department_ids <> '[]'::jsonb",
];
