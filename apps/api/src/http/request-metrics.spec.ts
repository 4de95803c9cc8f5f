import { randomUUID } from 'node:crypto';
import { startTestApi, type TestApi } from '../../../../test/support/api.js';
import { until } from '../../../../test/support/until.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
}, 60_000);
afterAll(() => api?.stop());

it('measures requests by route template and class of status, never by what a caller chose', async () => {
  const window = await api.as('window');
  const id = randomUUID();
  expect((await window.get(`cases/${id}`)).status).toBe(404);
  expect((await window.get('queue')).status).toBe(200);
  expect((await window.get(`nowhere/${id}`)).status).toBe(404);
  const text = await until('the measures', async () => {
    const metrics = (await api.app.inject('/metrics')).body;
    return metrics.includes('(no route)') && metrics;
  });
  const count = (route: string, status: string) =>
    new RegExp(`^huicai_http_request_seconds_count\\{method="GET",route="${route}",status="${status}"\\} (\\d+)$`, 'm').exec(
      text,
    )?.[1];
  expect(count('/api/v1/cases/:caseId', '4xx')).toBe('1');
  expect(count('/api/v1/queue', '2xx')).toBe('1');
  expect(count('\\(no route\\)', '4xx')).toBe('1');
  expect(text).not.toContain(id);
});
