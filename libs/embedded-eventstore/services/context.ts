import type { EventLog } from '../storage/event-log.js';
import type { OpenCalls } from './open-calls.js';

/** What the services work with. */
export interface ServiceContext {
  log: EventLog;
  calls: OpenCalls;
  /** Milliseconds since the UNIX epoch. */
  now(): number;
  /** Takes errors of the server itself; they never contain event data. */
  report(error: unknown): void;
}
