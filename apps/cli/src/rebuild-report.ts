import type { Cause, Diff, Difference } from '@huicai/projections';

const TITLES = {
  'only-live': 'only in the live rows',
  'only-candidate': 'only in the candidate',
  changed: 'changed',
} as const;

/** Values longer than this are cut: sealed fields fill a screen and nobody can read them. */
const WIDEST = 100;

/** What a comparison says, line by line. @param parked partitions of the candidate that wait behind an event it could not take */
export function diffLines(name: string, diff: Diff, parked = 0): string[] {
  const { live, candidate, counts, same, samples, unshared, positions } = diff;
  const differences = counts['only-live'] + counts['only-candidate'] + counts.changed;
  const lines = [`${candidate} beside ${live}: ${same} rows are the same, ${differences} differ.`];
  for (const kind of ['only-live', 'only-candidate', 'changed'] as const)
    if (counts[kind] > 0) {
      lines.push(`  ${TITLES[kind]}: ${counts[kind]}`);
      for (const one of samples.filter((sample) => sample.kind === kind)) lines.push(...sampleLines(one));
    }
  if (differences > 0) lines.push(`  Events behind a row: npm run cli -- rebuild ${name} --events <what stands after "of">`);
  for (const column of unshared) lines.push(`  column ${column.name} is only in the ${column.in} rows and was not compared`);
  if (positions.live !== positions.candidate)
    lines.push(
      `  The live rows stand at ${positions.live ?? 'the start'}, the others at ${positions.candidate ?? 'the start'}: what happened between may be the difference.`,
    );
  if (parked > 0)
    lines.push(`  ${parked} partitions of the candidate wait behind an event that it could not take (see dead-letters).`);
  return lines;
}

function sampleLines({ key, partition, columns }: Difference): string[] {
  const named = Object.entries(key)
    .map(([column, value]) => `${column}=${value}`)
    .join(' ');
  return [
    `    ${named}  of ${partition}`,
    ...columns.map(({ name, live, candidate }) => `      ${name}: ${cut(live)} -> ${cut(candidate)}`),
  ];
}

function cut(value: string | null): string {
  const text = value ?? 'null';
  return text.length > WIDEST ? `${text.slice(0, WIDEST)}…` : text;
}

/** One event behind a row, on a line. */
export const causeLine = ({ position, stream, revision, type, id, created }: Cause): string =>
  `${position}  ${new Date(created).toISOString()}  ${stream} revision ${revision}  ${type}  ${id}`;
