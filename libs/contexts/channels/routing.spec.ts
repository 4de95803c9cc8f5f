import fc from 'fast-check';
import { specOf } from '../../kernel/spec-dsl.js';
import { DRAFT_2024, ITEMS_2024 } from '../catalogue/draft-2024.js';
import { foldCatalogue, noCatalogue } from '../catalogue/facts.js';
import { type ChannelRuleFacts, channels, MOST_ROUTING_RULES } from './channels.js';
import type { ChannelsCommand, ChannelsEvent, RoutingRule } from './contract.js';
import { channelHours, foldChannels, noChannels, type RoutedMatter, routeOf } from './facts.js';

const { given } = specOf(channels);
const TODAY = '2026-10-12';
const version = DRAFT_2024.version;
const facts: ChannelRuleFacts = {
  now: Date.parse(`${TODAY}T10:00:00+08:00`),
  actor: { id: 'user-supervisor', role: 'supervisor' },
  catalogue: foldCatalogue(
    foldCatalogue(noCatalogue, { type: 'CatalogueVersionDrafted', data: { version, items: ITEMS_2024 } }),
    { type: 'CatalogueVersionPublished', data: DRAFT_2024 },
  ),
};
const base: ChannelsEvent[] = [
  ...['ybj', 'rsj', 'gaj'].map(
    (departmentId): ChannelsEvent => ({
      type: 'DepartmentRegistered',
      data: { departmentId, name: departmentId },
    }),
  ),
  { type: 'ChannelOpened', data: { channelId: 'window', kind: 'WINDOW', name: '窗口' } },
  { type: 'ItemRouted', data: { itemCode: '03', leadDepartmentId: 'ybj', effectiveFrom: '2024-01-01', routingVersion: 1 } },
];
const rule = (more: Partial<RoutingRule> = {}): RoutingRule => ({
  departmentId: 'rsj',
  priority: 'HIGH',
  fastTrack: true,
  ...more,
});
const publish = (rules: readonly RoutingRule[], more: object = {}) =>
  ({
    type: 'PublishRoutingRules',
    data: { channelId: 'window', effectiveFrom: TODAY, rules, reason: '开通绿色通道', ...more },
  }) as const satisfies ChannelsCommand;
const published = (number: number, rules: readonly RoutingRule[], effectiveFrom = TODAY): ChannelsEvent => ({
  type: 'RoutingRulesPublished',
  data: { channelId: 'window', version: number, effectiveFrom, rules, reason: '开通绿色通道' },
});
const matter = (more: Partial<RoutedMatter> = {}): RoutedMatter => ({
  channelId: 'window',
  itemCode: '03',
  area: null,
  category: 'M',
  ...more,
});

describe('routing rules of a channel', () => {
  it('count their versions, each with its day', () => {
    given(base)
      .when(publish([rule()]), facts)
      .then([published(1, [rule()])]);
    given([...base, published(1, [rule()])])
      .when(publish([]), facts)
      .then([published(2, [])]);
  });

  it.each<[string, ReturnType<typeof publish>, string, string | null]>([
    ['of no channel', publish([], { channelId: 'constructor' }), 'channel-not-found', null],
    ['since yesterday', publish([], { effectiveFrom: '2026-10-11' }), 'routing-effective-in-the-past', 'effectiveFrom'],
    ['on no day', publish([], { effectiveFrom: '2026-02-30' }), 'date-invalid', 'effectiveFrom'],
    ['to nobody', publish([rule({ departmentId: 'toString' })]), 'department-not-found', 'rules[0].departmentId'],
    ['of no item', publish([rule({ itemCode: '99' })]), 'item-not-offered', 'rules[0].itemCode'],
    [
      'behind a wider one',
      publish([rule({ area: 'x' }), rule({ itemCode: '03' }), rule({ itemCode: '03', area: 'y' })]),
      'routing-rule-unreachable',
      'rules[2]',
    ],
    ['without end', publish(Array.from({ length: MOST_ROUTING_RULES + 1 }, () => rule())), 'list-too-long', 'rules'],
  ])('are not published %s', (_, command, code, field) => {
    given(base)
      .when(command, facts)
      .thenRefused(code, field === null ? {} : { field });
  });

  it('decide by the first that is about a matter, and tell why others did not', () => {
    const rules = [
      rule({ itemCode: '04' }),
      rule({ itemCode: '03', area: 'liuqing', category: 'P1', departmentId: 'gaj' }),
      rule({ category: 'M', priority: 'URGENT', fastTrack: false }),
      rule(),
    ];
    const { state } = given([...base, published(1, rules)]);
    expect(routeOf(state, matter(), TODAY)).toEqual({
      ...{ source: 'CHANNEL_RULE', departmentId: 'rsj', priority: 'URGENT', fastTrack: false, version: 1, rule: 2 },
      passedOver: [
        { rule: 0, mismatches: ['itemCode'] },
        { rule: 1, mismatches: ['area', 'category'] },
      ],
    });
    expect(routeOf(state, matter({ area: 'liuqing', category: 'P1' }), TODAY)).toMatchObject({ departmentId: 'gaj', rule: 1 });
  });

  it('leave what none of them is about to the item’s own department, or to nobody', () => {
    const { state } = given([...base, published(1, [rule({ itemCode: '04' })])]);
    expect(routeOf(state, matter(), TODAY)).toEqual({
      ...{ source: 'ITEM_ROUTE', departmentId: 'ybj', priority: 'NORMAL', fastTrack: false, version: 1, rule: null },
      passedOver: [{ rule: 0, mismatches: ['itemCode'] }],
    });
    expect(routeOf(state, matter({ itemCode: '05' }), TODAY)).toMatchObject({ source: 'NONE', departmentId: null });
    expect(routeOf(state, matter({ channelId: 'hotline' }), TODAY)).toMatchObject({ source: 'ITEM_ROUTE', version: null });
  });

  it('hold from their day; of two on one day the one published last', () => {
    const to = (departmentId: string) => [rule({ departmentId })];
    const { state } = given([
      ...base,
      published(1, to('rsj')),
      published(2, to('gaj'), '2026-11-01'),
      published(3, to('ybj'), '2026-10-20'),
      published(4, to('rsj'), '2026-11-01'),
    ]);
    const on = (day: string) => routeOf(state, matter(), day).version;
    expect([on('2026-10-11'), on(TODAY), on('2026-10-20'), on('2026-10-31'), on('2026-11-01')]).toEqual([null, 1, 3, 3, 4]);
  });

  it('give every matter the answer that asking rule by rule gives', () => {
    const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
    const anyRule = fc
      .record({
        itemCode: maybe(fc.constantFrom('03', '04')),
        area: maybe(fc.constantFrom('x', 'y')),
        category: maybe(fc.constantFrom('P1' as const, 'M' as const)),
        departmentId: fc.constantFrom('ybj', 'rsj', 'gaj'),
        priority: fc.constantFrom('NORMAL' as const, 'HIGH' as const, 'URGENT' as const),
        fastTrack: fc.boolean(),
      })
      .map((one) => JSON.parse(JSON.stringify(one)) as RoutingRule);
    const anyMatter = fc.record({
      channelId: fc.constant('window'),
      itemCode: fc.constantFrom('03', '04', '05'),
      area: fc.option(fc.constantFrom('x', 'y', 'z')),
      category: fc.option(fc.constantFrom('P1' as const, 'M' as const, 'P5' as const)),
    });
    const network = base.reduce(foldChannels, noChannels);
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 8 }), anyMatter, (rules, asked) => {
        const state = foldChannels(network, published(1, rules));
        const about = (one: RoutingRule) =>
          (one.itemCode ?? asked.itemCode) === asked.itemCode &&
          (one.area ?? asked.area) === asked.area &&
          (one.category ?? asked.category) === asked.category;
        const expected = rules.find(about);
        const found = routeOf(state, asked, TODAY);
        expect(found.rule).toBe(expected ? rules.indexOf(expected) : null);
        if (expected) expect(found).toMatchObject({ departmentId: expected.departmentId, fastTrack: expected.fastTrack });
        expect(found.passedOver).toHaveLength(found.rule ?? rules.length);
        expect(found.passedOver.every(({ mismatches }) => mismatches.length > 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('hours of a channel', () => {
  it('hold from their day, the latest decision winning', () => {
    const set = (from: string, effectiveFrom: string) =>
      ({
        type: 'SetChannelHours',
        data: { channelId: 'window', weekly: [{ weekday: 1, intervals: [{ from, to: '12:00' }] }], effectiveFrom },
      }) as const satisfies ChannelsCommand;
    const { data } = set('08:00', TODAY);
    const state = given(base)
      .when(set('08:00', TODAY), facts)
      .then([{ type: 'ChannelHoursSet', data }]);
    expect([channelHours(state, 'window', '2026-10-11'), channelHours(state, 'window', TODAY)]).toEqual([null, data.weekly]);
    given(base).when(set('13:00', TODAY), facts).thenRefused('hours-reversed', { field: 'weekly[0].intervals[0]' });
  });
});
