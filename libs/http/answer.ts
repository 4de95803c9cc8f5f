/** What a route answers: the body and what the headers say of it. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Strong entity tag, quotes included. */
  readonly etag?: string;
  /** True when more than the tagged revision shows, such as the time of day: a reader is never told that it is unchanged. */
  readonly movesOn?: boolean;
}

const ANSWERS = new WeakSet<object>();

export function answer(body: unknown, more: Partial<Omit<Answer, 'body'>> = {}): Answer {
  const made: Answer = { status: 200, headers: {}, ...more, body };
  ANSWERS.add(made);
  return made;
}

export const isAnswer = (value: unknown): value is Answer => typeof value === 'object' && value !== null && ANSWERS.has(value);

export const etagOf = (revision: bigint | string): string => `"${revision}"`;
