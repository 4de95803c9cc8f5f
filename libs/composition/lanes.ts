/**
 * Works on items side by side. They are begun in their order, and those with the same key one strictly after the other. The first
 * failure lets what has begun end and begins nothing more.
 *
 * @param lanes how many at once
 * @param signal begins nothing more once it aborts
 * @throws what the first failed work threw
 */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  key: (item: T) => string,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const before = new Map<string, Promise<void>>();
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failure && !signal.aborted) {
      const item = items[next++]!;
      const turn = (before.get(key(item)) ?? Promise.resolve()).then(async () => {
        if (!failure && !signal.aborted) await work(item);
      });
      // Whoever comes next waits for its end, however that comes about.
      before.set(
        key(item),
        turn.catch(() => undefined),
      );
      await turn.catch((error: unknown) => {
        failure ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  if (failure) throw failure.error;
}
