import { randomUUID } from 'node:crypto';
import { newIdempotencyKey, Refusal } from '@huicai/kernel';
import { issueCard } from '../../libs/contexts/cards/card.intake.js';
import { type Client, someTalent, startTestApi, type TestApi } from '../support/api.js';

describe('values that only one may hold', () => {
  let api: TestApi;
  let window: Client;
  beforeAll(async () => {
    api = await startTestApi();
    window = await api.as('window');
  }, 60_000);
  afterAll(() => api?.stop());

  /** Claims are beyond doubt for a minute only; afterwards the holder's own history decides. */
  const aMinuteLater = () => api.t.system.pool.query("update vault.claims set created_at = created_at - interval '2 minutes'");

  const correction = (documentNumber: string | undefined) => ({
    changes: { documentType: 'PASSPORT', documentNumber },
    reason: '证件号码录入有误',
  });

  it('refuse a second talent with one document, at once and long afterwards', async () => {
    const talent = someTalent();
    expect((await window.post('talents', talent)).status).toBe(201);
    expect((await window.post('talents', talent)).json).toMatchObject({ code: 'identity-taken', field: 'documentNumber' });
    await aMinuteLater();
    expect((await window.post('talents', talent)).json).toMatchObject({ code: 'identity-taken', field: 'documentNumber' });
  });

  it('let a document go that was corrected away, and keep the one that came in its place', async () => {
    const [mistaken, other] = [someTalent(), someTalent()];
    const { id } = (await window.post('talents', mistaken)).json;
    expect((await window.send('PATCH', `talents/${id}`, correction(other.documentNumber))).status).toBe(200);
    await aMinuteLater();
    expect((await window.post('talents', other)).json.code).toBe('identity-taken');
    expect((await window.post('talents', mistaken)).status).toBe(201);
    await aMinuteLater();
    const back = await window.send('PATCH', `talents/${id}`, correction(mistaken.documentNumber));
    expect(back.json.code).toBe('identity-taken');
  });

  it('let a document go that was claimed for a correction nobody recorded', async () => {
    const [talent, wanted] = [someTalent(), someTalent()];
    const { id } = (await window.post('talents', talent)).json;
    const owner = `talent-${id}`;
    await api.t.system.vault.claim('talent.idNumber', wanted.documentNumber!, owner, async () => true);
    await aMinuteLater();
    expect((await window.post('talents', wanted)).status).toBe(201);
  });

  it('keep the document of an erased talent', async () => {
    const talent = someTalent();
    const { id } = (await window.post('talents', talent)).json;
    await api.t.system.vault.destroySubjectKey(id);
    await aMinuteLater();
    expect((await window.post('talents', talent)).json.code).toBe('identity-taken');
  });

  it('refuse a second card with one number, at once and long afterwards', async () => {
    const { system } = api.t;
    const holders: string[] = [];
    for (let i = 0; i < 3; i++) holders.push((await window.post('talents', someTalent())).json.id);
    const issue = (talentId: string) => {
      const meta = { commandId: newIdempotencyKey(), correlationId: randomUUID() };
      const caller = { id: 'somebody', role: 'window' as const };
      return issueCard({ gateway: system, caller, meta, talentId }, { cardType: 'YIMENG_HUICAI' }, '0123456789');
    };
    await issue(holders[0]!);
    const taken = expect.objectContaining({ code: 'card-number-taken' } satisfies Partial<Refusal>);
    await expect(issue(holders[1]!)).rejects.toEqual(taken);
    await aMinuteLater();
    await expect(issue(holders[2]!)).rejects.toEqual(taken);
  });
});
