import { appendFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvincialFile } from './provincial-file.js';

const rating = (ratingId: string) =>
  ({
    ratingId,
    caseId: 'case',
    caseNumber: 'LS-2026-000001',
    cycle: 1,
    itemCode: '04',
    channelId: 'window',
    departmentId: 'rsj',
    satisfaction: 5,
    ratedAt: '2026-10-12T08:00:00.000Z',
  }) as const;

describe('the file of ratings for the province', () => {
  let directory: string;
  let path: string;
  const ids = async () =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).ratingId);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'huicai-ratings-'));
    path = join(directory, 'ratings', 'outgoing.ndjson');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('holds each rating once, whoever hands it over how often', async () => {
    const [one, other] = [new ProvincialFile(path), new ProvincialFile(path)];
    await Promise.all(['a', 'b', 'a', 'c'].map((id) => one.export(rating(id))));
    await other.export(rating('b'));
    await other.export(rating('d'));
    await one.export(rating('d'));
    expect(await ids()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('holds that an appeal was upheld once too, beside the rating', async () => {
    const { ratingId, caseId, caseNumber, cycle } = rating('a');
    const upheld = {
      ratingId,
      caseId,
      caseNumber,
      cycle,
      appeal: 'UPHELD',
      reasonCode: 'MALICIOUS',
      decidedAt: '2026-10-13T08:00:00.000Z',
    } as const;
    for (const what of [rating('a'), upheld, upheld, rating('a')]) await new ProvincialFile(path).export(what);
    expect(
      (await readFile(path, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([rating('a'), upheld]);
  });

  it('takes away a line that was cut off, and writes that rating whole', async () => {
    await new ProvincialFile(path).export(rating('a'));
    await appendFile(path, JSON.stringify(rating('b')).slice(0, 40));
    await new ProvincialFile(path).export(rating('b'));
    expect(await ids()).toEqual(['a', 'b']);
  });

  it('begins anew when the file was moved away', async () => {
    const file = new ProvincialFile(path);
    await file.export(rating('a'));
    await rename(path, `${path}.sent`);
    await file.export(rating('b'));
    expect(await ids()).toEqual(['b']);
  });

  it('holds nothing personal', async () => {
    await new ProvincialFile(path).export(rating('a'));
    expect(Object.keys(JSON.parse(await readFile(path, 'utf8'))).sort((a, b) => a.localeCompare(b))).toEqual([
      'caseId',
      'caseNumber',
      'channelId',
      'cycle',
      'departmentId',
      'itemCode',
      'ratedAt',
      'ratingId',
      'satisfaction',
    ]);
  });
});
