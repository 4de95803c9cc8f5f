import type { HuicaiSystem } from '@huicai/composition';
import type { AccessLog, LocalIssuer, TokenVerifier, Users } from '@huicai/identity';
import { Metrics } from '@huicai/metrics';
import { STREAM_OPTIONS } from './stream/change-stream.js';

/** A local issuer with its users; only an embedded installation has one. */
export interface LocalLogin {
  readonly issuer: LocalIssuer;
  readonly users: Users;
}

/** The running parts the API is put on. */
export class Parts {
  constructor(
    readonly system: HuicaiSystem,
    readonly verifier: TokenVerifier,
    readonly accessLog: AccessLog,
    readonly local: LocalLogin | undefined,
    /** Takes one line, without line end. */
    readonly log: (line: string) => void,
    /** How long a read waits for the position asked for, milliseconds. */
    readonly readWaitMs = 5_000,
    readonly metrics = new Metrics(),
    readonly stream = STREAM_OPTIONS,
  ) {}
}
