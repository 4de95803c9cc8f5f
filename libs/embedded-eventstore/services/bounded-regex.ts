import { createContext, Script } from 'node:vm';

/** Milliseconds the texts of one page may take together. An honest expression needs well under one. */
const BUDGET = 1000;

/** Thrown when an expression backtracks for so long that it would hold up everything else the server does. */
export class RegexTooSlowError extends Error {}

// Only a script can be stopped; it calls back into this module. One at a time: matching is synchronous.
const sandbox: { task: () => void } = createContext({ task: () => undefined }) as { task: () => void };
const script = new Script('task()');

/**
 * A regular expression from a client, compiled once. Whoever may subscribe may send any expression, and JavaScript's
 * engine backtracks exponentially on some; the time is bounded because they can not be told from the others beforehand.
 */
export class BoundedRegex {
  private readonly regex: RegExp;

  /** @throws SyntaxError when the expression is not valid */
  constructor(expression: string) {
    this.regex = new RegExp(expression);
  }

  /** For each text, whether the expression is found in it. @throws RegexTooSlowError */
  testAll(texts: readonly string[]): boolean[] {
    let found: boolean[] = [];
    sandbox.task = () => {
      found = texts.map((text) => this.regex.test(text));
    };
    try {
      script.runInContext(sandbox, { timeout: BUDGET });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new RegexTooSlowError(`the regular expression took more than ${BUDGET} ms`, { cause: error });
    }
    return found;
  }
}
