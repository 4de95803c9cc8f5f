import { Empty, StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { v5 } from 'uuid';

/** What a faulty server may say; each is right by itself. */
export interface Told {
  readonly stream?: string;
  readonly revision?: bigint;
  readonly position: bigint;
  readonly type?: string;
  readonly data?: unknown;
}

/** The id an event of this position has. */
export const idAt = (position: bigint): string => v5(position.toString(), v5.URL);

export const identifier = (stream: string): StreamIdentifier => new StreamIdentifier().setStreamName(Buffer.from(stream));

export function recordedEvent({ stream = 'told-1', revision, position, type = 'Told', data }: Told) {
  const event = new ReadResp.ReadEvent.RecordedEvent()
    .setId(new UUID().setString(idAt(position)))
    .setStreamIdentifier(identifier(stream))
    .setStreamRevision((revision ?? position).toString())
    .setCommitPosition(position.toString())
    .setPreparePosition(position.toString())
    .setData(Buffer.from(JSON.stringify(data ?? { position: position.toString() })));
  event.getMetadataMap().set('type', type).set('content-type', 'application/json').set('created', '17600000000000000');
  return event;
}

export const event = (told: Told): ReadResp =>
  new ReadResp().setEvent(new ReadResp.ReadEvent().setEvent(recordedEvent(told)).setCommitPosition(told.position.toString()));

/** Events at these positions, one after the other. */
export const events = (...positions: readonly (bigint | number)[]): ReadResp[] =>
  positions.map((position) => event({ position: BigInt(position) }));

export const confirmation = (): ReadResp =>
  new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(idAt(0n)));

export const caughtUp = (): ReadResp => new ReadResp().setCaughtUp(new ReadResp.CaughtUp());

export const checkpoint = (position: bigint): ReadResp =>
  new ReadResp().setCheckpoint(
    new ReadResp.Checkpoint().setCommitPosition(position.toString()).setPreparePosition(position.toString()),
  );

export const appended = (revision: bigint, position = revision): AppendResp =>
  new AppendResp().setSuccess(
    new AppendResp.Success()
      .setCurrentRevision(revision.toString())
      .setPosition(new AppendResp.Position().setCommitPosition(position.toString()).setPreparePosition(position.toString())),
  );

/** @param actual undefined: the stream is not there */
export function conflict(actual: bigint | undefined): AppendResp {
  const found = new AppendResp.WrongExpectedVersion();
  if (actual === undefined) found.setCurrentNoStream(new Empty());
  else found.setCurrentRevision(actual.toString());
  return new AppendResp().setWrongExpectedVersion(found);
}
