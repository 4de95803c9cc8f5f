import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { ChannelsEvent } from '../contract.js';
import { type ChannelFacts, foldChannels, noChannels } from '../facts.js';

export interface ServiceNetworkRow extends Row {
  network: string;
  facts: ChannelFacts;
  revision: string;
}

/** Departments, channels and routing of the office, as one document. */
export const serviceNetwork = projection<ServiceNetworkRow>({
  name: 'service_network',
  version: 2,
  table: { columns: { network: 'text', facts: 'jsonb', revision: 'int8' }, key: ['network'], partition: 'network' },
  partition: (event) => event.stream,
  fold: (rows, event) => {
    const facts = foldChannels(rows.one()?.facts ?? noChannels, event as RecordedEvent as ChannelsEvent);
    rows.put({ network: event.stream, facts, revision: event.revision.toString() });
  },
});

export async function readNetwork(db: Queryable, network: string): Promise<ServiceNetworkRow | undefined> {
  return (await db.query<ServiceNetworkRow>('select * from read.service_network where network = $1', [network])).rows[0];
}
