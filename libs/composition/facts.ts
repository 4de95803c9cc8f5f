import { setTimeout as delay } from 'node:timers/promises';
import { type EventStore, StoreUnavailableError } from '@huicai/event-store';
import {
  type EventTime,
  eventTime,
  FoldedStream,
  type RecordedEvent,
  recorded,
  streamName,
  type UpcasterRegistry,
} from '@huicai/kernel';
import {
  type CalendarFacts,
  foldCalendar,
  foldPolicy,
  noCalendar,
  noPolicy,
  type PolicyFacts,
  type TimeReference,
} from '../contexts/calendar/facts.js';
import { type CatalogueFacts, foldCatalogue, noCatalogue } from '../contexts/catalogue/facts.js';
import { type ChannelFacts, foldChannels, noChannels } from '../contexts/channels/facts.js';
import { foldSpecialist, type SpecialistFacts } from '../contexts/specialists/facts.js';
import type { TalentCategory } from '../contexts/talents/contract.js';
import { foldTalent, type TalentFacts } from '../contexts/talents/facts.js';

/** One office, one of each. */
export const CATALOGUE_STREAM = streamName('catalogue', 'lanshan');
export const CHANNELS_STREAM = streamName('channels', 'lanshan');
export const CALENDAR_STREAM = streamName('calendar', 'cn-lanshan');
export const POLICY_STREAM = streamName('policy', 'default');

/** How long a page waits for the store, milliseconds. */
const PATIENCE_MS = 500;

/** Facts that bind a decision, folded from the streams they belong to and current at every question. */
export class FactSources {
  private readonly catalogueStream: FoldedStream<CatalogueFacts>;
  private readonly channelsStream: FoldedStream<ChannelFacts>;
  private readonly calendarStreams = new Map<string, FoldedStream<CalendarFacts>>();
  private readonly calendarStream: FoldedStream<CalendarFacts>;
  private readonly policyStream: FoldedStream<PolicyFacts>;
  private held = false;

  constructor(
    private readonly store: EventStore,
    private readonly upcasters: UpcasterRegistry,
  ) {
    this.catalogueStream = this.folded(CATALOGUE_STREAM, noCatalogue, foldCatalogue);
    this.channelsStream = this.folded(CHANNELS_STREAM, noChannels, foldChannels);
    this.policyStream = this.folded(POLICY_STREAM, noPolicy, foldPolicy);
    this.calendarStream = this.folded(CALENDAR_STREAM, noCalendar, foldCalendar);
    this.calendarStreams.set(CALENDAR_STREAM, this.calendarStream);
  }

  private folded<S>(stream: string, initial: S, fold: (state: S, event: never, at: EventTime) => S): FoldedStream<S> {
    const step = (state: S, event: RecordedEvent) =>
      fold(state, { type: event.type, data: event.data } as never, eventTime(event));
    return new FoldedStream(this.store, stream, initial, step, this.upcasters);
  }

  /** From now on catalogue, channels, calendar and policy stay as they are when first asked for, whatever is published later. */
  hold(): void {
    this.held = true;
  }

  /** Brings what stays as it was up to date once, for whoever has published something that is to hold from then on. */
  async renew(): Promise<void> {
    const { catalogueStream, channelsStream, calendarStream, policyStream } = this;
    await Promise.all([catalogueStream, channelsStream, calendarStream, policyStream].map((stream) => stream.current()));
  }

  private ask<S>(stream: FoldedStream<S>): Promise<S> {
    return this.held && !stream.isEmpty ? Promise.resolve(stream.known) : stream.current();
  }

  catalogue(): Promise<CatalogueFacts> {
    return this.ask(this.catalogueStream);
  }

  channels(): Promise<ChannelFacts> {
    return this.ask(this.channelsStream);
  }

  /** One calendar with all its versions; none when there is no such calendar. @param id stream-safe id of the calendar */
  async calendar(id: string): Promise<CalendarFacts> {
    const stream = streamName('calendar', id);
    const known = this.calendarStreams.get(stream);
    if (known) return known.current();
    const fresh = this.folded(stream, noCalendar, foldCalendar);
    const facts = await fresh.current();
    // Only calendars that exist are kept: anyone may ask for any name.
    if (facts.versions.length > 0) this.calendarStreams.set(stream, fresh);
    return facts;
  }

  async time(): Promise<TimeReference> {
    const [calendar, policy] = await Promise.all([this.ask(this.calendarStream), this.ask(this.policyStream)]);
    return { calendar, policy };
  }

  /**
   * Calendar and policy for read models that are given these events of the log: holding all that was published up to them. Only where
   * one of them publishes something is the store asked.
   */
  async timeWith(batch: readonly { readonly stream: string }[]): Promise<TimeReference> {
    const { calendarStream, policyStream } = this;
    const isOld = batch.some(({ stream }) => stream === CALENDAR_STREAM || stream === POLICY_STREAM);
    if (isOld || calendarStream.isEmpty || policyStream.isEmpty) return this.time();
    return { calendar: calendarStream.known, policy: policyStream.known };
  }

  /**
   * Calendar and policy holding at least these versions. A version never changes, so what was promised under it can be derived
   * without asking the store again.
   */
  async timeHolding(calendarVersion: number, policyVersion: number): Promise<TimeReference> {
    const known = { calendar: this.calendarStream.known, policy: this.policyStream.known };
    const enough = known.calendar.versions.length >= calendarVersion && known.policy.versions.length >= policyVersion;
    return enough ? known : this.time();
  }

  /**
   * For pages: calendar and policy with all changes upon them, holding at least these versions. While the store is away, or slow to
   * answer, as they were known last, for a page that tells nothing helps nobody.
   */
  async timeNow(calendarVersion: number, policyVersion: number): Promise<TimeReference> {
    const known = () => ({ calendar: this.calendarStream.known, policy: this.policyStream.known });
    const { calendar, policy } = known();
    if (calendar.versions.length < calendarVersion || policy.versions.length < policyVersion) return this.time();
    const answered = new AbortController();
    const asked = this.time().catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) throw error;
    });
    try {
      // Of two faults at once only one is told.
      asked.catch(() => undefined);
      await Promise.race([asked, delay(PATIENCE_MS, undefined, { signal: answered.signal }).catch(() => undefined)]);
    } finally {
      answered.abort();
    }
    return known();
  }

  async exists(stream: string): Promise<boolean> {
    for await (const _ of this.store.readStream(stream, { maxCount: 1 })) return true;
    return false;
  }

  talentKnown(talentId: string): Promise<boolean> {
    return this.exists(streamName('talent', talentId));
  }

  /** A talent's category as corrected so far; erasure leaves it, for it is not personal. @throws Error when there is no such talent */
  async talentCategory(talentId: string): Promise<TalentCategory> {
    const talent = await this.talent(talentId);
    if (!talent) throw new Error(`No talent ${talentId}`);
    return talent.category;
  }

  /** A talent's employer of record; null where there is none, or no such talent. */
  async talentEmployer(talentId: string): Promise<string | null> {
    return (await this.talent(talentId))?.employerId ?? null;
  }

  private talent(talentId: string): Promise<TalentFacts | null> {
    return this.fold<TalentFacts | null>(streamName('talent', talentId), null, foldTalent as never);
  }

  specialist(specialistId: string): Promise<SpecialistFacts | null> {
    return this.fold<SpecialistFacts | null>(streamName('specialist', specialistId), null, foldSpecialist as never);
  }

  /** Folds any stream from its start. */
  async fold<S>(stream: string, initial: S, evolve: (state: S, event: never, at: never) => S): Promise<S> {
    let state = initial;
    for await (const stored of this.store.readStream(stream)) {
      const event: RecordedEvent = recorded(stored, this.upcasters);
      state = evolve(state, { type: event.type, data: event.data } as never, eventTime(event) as never);
    }
    return state;
  }
}
