import { projection, type Queryable, type Row } from '@huicai/projections';

export interface HistoryRow extends Row {
  stream: string;
  revision: string;
  event_id: string;
  position: string;
  type: string;
  occurred_at: Date;
  recorded_at: Date;
  backfill: boolean;
  actor_id: string;
  actor_role: string;
  reason_code: string | null;
  command_id: string;
  hash: string;
  data: object;
}

/** Every event of every stream: who, when, what and why, as it was recorded. Personal fields stay sealed. */
export const history = projection<HistoryRow>({
  name: 'history',
  version: 9,
  appendOnly: true,
  table: {
    columns: {
      stream: 'text',
      revision: 'int8',
      event_id: 'uuid',
      position: 'int8',
      type: 'text',
      occurred_at: 'timestamptz',
      recorded_at: 'timestamptz',
      backfill: 'bool',
      actor_id: 'text',
      actor_role: 'text',
      reason_code: 'text null',
      command_id: 'uuid',
      hash: 'text',
      data: 'json',
    },
    key: ['stream', 'revision'],
    partition: 'stream',
  },
  partition: (event) => event.stream,
  fold: (rows, event) => {
    const { actor, reasonCode, commandId, chain, occurredAt, recordedAt, backfill } = event.metadata;
    rows.put({
      stream: event.stream,
      revision: event.revision.toString(),
      event_id: event.id,
      position: event.position.toString(),
      type: event.type,
      occurred_at: new Date(occurredAt),
      recorded_at: new Date(recordedAt),
      backfill: backfill ?? false,
      actor_id: actor.id,
      actor_role: actor.role,
      reason_code: reasonCode ?? null,
      command_id: commandId,
      hash: chain.hash,
      data: event.data,
    });
  },
});

export async function readHistory(db: Queryable, stream: string): Promise<HistoryRow[]> {
  return (await db.query<HistoryRow>('select * from read.history where stream = $1 order by revision', [stream])).rows;
}
