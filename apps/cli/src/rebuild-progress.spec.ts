import { RebuildProgress } from './rebuild-progress.js';
import { diffLines } from './rebuild-report.js';

/** What is written, with a clock that stands still until it is set. */
function rig(isTTY: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const progress = new RebuildProgress({ isTTY, write: (text) => written.push(text) }, 'queue', () => clock.ms);
  return { written, clock, progress };
}

describe('the progress of a rebuild', () => {
  it('is a bar with rate and time left on a terminal, drawn over itself', () => {
    const { written, clock, progress } = rig(true);
    progress.show({ events: 0, share: 0, step: 'reading' });
    clock.ms = 50;
    progress.show({ events: 1_000, share: 0.1, step: 'reading' });
    clock.ms = 2_000;
    progress.show({ events: 50_000, share: 0.25, step: 'reading' });
    clock.ms = 8_000;
    progress.show({ events: 200_000, share: 1, step: 'reading' });
    progress.show({ events: 200_000, share: 1, step: 'indexing' });
    progress.end();
    const over = '\r\u001b[K';
    expect(written).toEqual([
      `${over}queue ${'░'.repeat(30)} 0 %  0 of ? events`,
      `${over}queue ${'█'.repeat(7)}${'░'.repeat(23)} 25 %  50,000 of about 200,000 events  25,000/s  6 s left`,
      `${over}queue ${'█'.repeat(30)} 100 %  200,000 of 200,000 events  25,000/s  0 s left`,
      `${over}queue makes its indexes`,
      '\n',
    ]);
  });

  it('is a line now and then elsewhere; one that goes on counts its own pace', () => {
    const { written, clock, progress } = rig(false);
    progress.show({ events: 90_000, share: 0.5, step: 'reading' });
    clock.ms = 4_000;
    progress.show({ events: 91_000, share: 0.51, step: 'reading' });
    clock.ms = 10_000;
    progress.show({ events: 100_000, share: 0.55, step: 'reading' });
    progress.end();
    expect(written).toEqual([
      'queue 50 %  90,000 of about 180,000 events\n',
      'queue 55 %  100,000 of about 181,818 events  1,000/s  2 min left\n',
    ]);
  });
});

it('a comparison tells kinds, samples, what was not compared and where each stands, and cuts long values', () => {
  const lines = diffLines(
    'queue',
    {
      live: 'read_queue_v1',
      candidate: 'read_queue_v1_2',
      counts: { 'only-live': 1, 'only-candidate': 0, changed: 7 },
      same: 3,
      samples: [
        { kind: 'only-live', key: { id: 'a', n: '1' }, partition: 'p', columns: [] },
        {
          kind: 'changed',
          key: { id: 'b', n: '2' },
          partition: 'q',
          columns: [{ name: 'text', live: 'x'.repeat(120), candidate: null }],
        },
      ],
      unshared: [{ name: 'extra', in: 'candidate' }],
      positions: { live: null, candidate: '12' },
    },
    2,
  );
  expect(lines).toEqual([
    'read_queue_v1_2 beside read_queue_v1: 3 rows are the same, 8 differ.',
    '  only in the live rows: 1',
    '    id=a n=1  of p',
    '  changed: 7',
    '    id=b n=2  of q',
    `      text: ${'x'.repeat(100)}… -> null`,
    '  Events behind a row: npm run cli -- rebuild queue --events <what stands after "of">',
    '  column extra is only in the candidate rows and was not compared',
    '  The live rows stand at the start, the others at 12: what happened between may be the difference.',
    '  2 partitions of the candidate wait behind an event that it could not take (see dead-letters).',
  ]);
});
