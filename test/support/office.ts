import { type Client, type Reply, someTalent, type TestApi } from './api.js';

/** @throws Error with the answer when it is another status */
export const done = (reply: Reply, status = 200): Reply => {
  if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
  return reply;
};

/** An office at work through the API: its people, and matters brought up to a point. */
export class Office {
  private constructor(
    readonly api: TestApi,
    readonly window: Client,
    readonly supervisor: Client,
    readonly department: Client,
    readonly talentId: string,
  ) {}

  /** @param departmentId whose desk it has; item 04 is led by `rsj` */
  static async open(api: TestApi, departmentId = 'rsj'): Promise<Office> {
    const [window, supervisor, department] = [
      await api.as('window'),
      await api.as('supervisor'),
      await api.as('department', { departmentId }),
    ];
    return new Office(api, window, supervisor, department, done(await window.post('talents', someTalent()), 201).json.id);
  }

  async specialist(name: string, capacity?: number, departmentId = 'rsj'): Promise<{ id: string; client: Client }> {
    const { id } = done(await this.supervisor.post('specialists', { name, kind: 'ITEM', departmentId }), 201).json;
    if (capacity !== undefined) done(await this.supervisor.send('PUT', `specialists/${id}/capacity`, { openMatters: capacity }));
    return { id, client: await this.api.as('specialist', { specialistId: id }) };
  }

  /** A matter accepted. */
  async accepted(more: object = {}): Promise<string> {
    const matter = {
      talentId: this.talentId,
      itemCode: '04',
      channelId: 'window',
      urgency: 'NORMAL',
      matter: '社保转移',
      ...more,
    };
    const { id } = done(await this.window.post('cases', matter), 201).json;
    done(await this.window.post(`cases/${id}/accept`));
    return id;
  }

  /** A matter the department has signed for. */
  async signedFor(more: object = {}): Promise<string> {
    const id = await this.accepted(more);
    done(await this.window.post(`cases/${id}/dispatch`, {}));
    done(await this.department.post(`cases/${id}/sign`));
    return id;
  }

  /** A matter as the window sees it. */
  async shown(id: string) {
    return done(await this.window.get(`cases/${id}`)).json;
  }

  /** Data of the last event of a type in a case's history. */
  async lastEvent(id: string, type: string) {
    const { events } = done(await this.supervisor.get(`cases/${id}/history`)).json;
    return events.filter((event: { type: string }) => event.type === type).at(-1)?.data;
  }
}
