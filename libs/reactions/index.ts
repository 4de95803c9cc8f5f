export { headOf, type Log, registerReactions } from './checkpoint.js';
export type { ReactionContext } from './event-handler.js';
export { DEFAULT_RETRY, type ReactionFailure, type RetryPolicy } from './failures.js';
export { EventFeed, type Interest } from './feed.js';
export { Reactions1767225600050 } from './migrations/1767225600050-reactions.js';
export {
  type FailureQuery,
  listFailures,
  ReactionRequestError,
  type ReactionStatus,
  reactionStatus,
  restartReaction,
  retryFailure,
  skipFailure,
} from './operations.js';
export { ReactionRunner, type ReactionRunnerOptions } from './reaction-runner.js';
