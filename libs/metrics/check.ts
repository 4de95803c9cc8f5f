/** How long a check may take before it counts as failed, milliseconds. */
const CHECK_MS = 3_000;

/** What a check found; `unavailable` when it failed and `no answer` when it took more than 3 s, never why in words of a driver. */
export async function check(find: () => Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer'), CHECK_MS);
  });
  try {
    return await Promise.race([find().catch(() => 'unavailable'), late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface Readiness {
  readonly status: 'ready' | 'not-ready';
  readonly checks: Readonly<Record<string, string>>;
}

/** Makes all checks at once; ready when each finds `ok`. */
export async function readiness(checks: Readonly<Record<string, () => Promise<string>>>): Promise<Readiness> {
  const found = await Promise.all(Object.entries(checks).map(async ([name, find]) => [name, await check(find)] as const));
  return { status: found.every(([, said]) => said === 'ok') ? 'ready' : 'not-ready', checks: Object.fromEntries(found) };
}
